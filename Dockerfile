FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.12

# One mapped task for each account: Airflow's own limit is 1,024.
ENV AIRFLOW__CORE__MAX_MAP_LENGTH=4096
# Great Expectations would report its use to its makers.
ENV GX_ANALYTICS_ENABLED=False
