# Stands in for Astro Runtime, as far as its documentation tells what happens to a project: packages
# of the system, packages of Python, then all files. `image.py` builds it.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
USER root
RUN useradd --non-unique --uid 50000 --gid 0 --home-dir /usr/local/airflow --create-home astro
WORKDIR /usr/local/airflow
ENV AIRFLOW_HOME=/usr/local/airflow PATH=/opt/runtime/bin:$PATH PYTHONPATH=/usr/local/airflow
COPY runtime.txt .
RUN python3 -m venv /opt/runtime && pip install --no-cache-dir --requirement runtime.txt
ONBUILD COPY packages.txt .
ONBUILD USER root
ONBUILD RUN if [ -s packages.txt ]; then apt-get update && xargs apt-get install --yes < packages.txt; fi
ONBUILD COPY requirements.txt .
ONBUILD RUN pip install --no-cache-dir --requirement requirements.txt
ONBUILD USER astro
ONBUILD COPY --chown=astro:0 . .
