"""The business of the tweet lake: plain Python that runs and is tested without Airflow."""
