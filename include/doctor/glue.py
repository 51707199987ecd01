"""Glue and Lake Formation know what the settings name."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError, NoRegionError

from include.catalogue.glue import Glue
from include.connections import open_glue
from include.doctor.bucket import DENIED, code_of
from include.doctor.finding import Finding, Unknown, failed, ok, warning
from include.doctor.patient import Patient, hasty
from include.errors import BadConfiguration, GlueUnavailable


def database(patient: Patient) -> Iterator[Finding]:
    """The Glue database is there, and may be seen."""
    glue = _opened(patient)
    if glue is None:
        yield ok("none is wanted (glue_database)")
        return
    try:
        there = glue.is_there()
    except GlueUnavailable as error:
        yield failed(str(error))
        return
    if there:
        yield ok(glue.database)
    else:
        yield warning(
            f"there is no Glue database {glue.database} in the region of 'aws_default'",
            "nothing, if the credentials may create it: compact_lake does; otherwise create it",
        )


def tags(patient: Patient) -> Iterator[Finding]:
    """Lake Formation knows the tags of the settings, and their values."""
    glue = _opened(patient)
    if glue is None or not glue.tags:
        yield ok("none are wanted (lake_formation_tags)")
        return
    for key, value in glue.tags.items():
        try:
            values = glue.lake_formation.get_lf_tag(TagKey=key)["TagValues"]
        except ClientError as error:
            if code_of(error) in DENIED:
                raise Unknown(
                    "the credentials may not look (lakeformation:GetLFTag), which runs do without"
                ) from error
            values = []
        if value in values:
            yield ok(f"{key}={value}")
        else:
            raise BadConfiguration(
                f"Lake Formation has no tag {key} with the value {value}; create it there, or "
                "correct lake_formation_tags"
            )


def _opened(patient: Patient) -> Glue | None:
    try:
        return open_glue(patient.settings, hasty())
    except NoRegionError as error:
        raise BadConfiguration(
            "the Airflow connection 'aws_default' does not say in which region Glue is; put "
            "region_name into its extra"
        ) from error
