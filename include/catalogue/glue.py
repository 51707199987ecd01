"""The catalogue as tables of the Glue Data Catalog, for Athena, Spark and whoever reads Glue.

A table has the days that are compacted, a partition each, whose location is the day's version:
moving a reader to another is one request. Today, and a day that was just withdrawn, are there once
``compact_lake`` has compacted them; until then a withdrawn day is what it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from include.catalogue.columns import compacted_schema
from include.catalogue.manifest import catalogued, manifests
from include.catalogue.reader import compacted_days, curated_days
from include.datasets import dataset_named
from include.errors import BadConfiguration, GlueUnavailable
from include.lake import Lake

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_lakeformation import LakeFormationClient

_HIVE = "org.apache.hadoop.hive.ql.io.parquet"
_FORMAT = {
    "InputFormat": f"{_HIVE}.MapredParquetInputFormat",
    "OutputFormat": f"{_HIVE}.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": f"{_HIVE}.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}
_SCALARS = {
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.date32(): "date",
}
_PARTITIONS_A_CALL = 100


def glue_type(kind: pa.DataType) -> str:
    """An Arrow type as Glue and Athena call it: ``array<struct<username:string,…>>``.

    Raises:
        TypeError: neither of them reads it.
    """
    if pa.types.is_timestamp(kind) and kind.unit == "us":
        return "timestamp"
    if pa.types.is_list(kind):
        return f"array<{glue_type(kind.value_type)}>"
    if pa.types.is_struct(kind):
        fields = ",".join(f"{field.name}:{glue_type(field.type)}" for field in kind)
        return f"struct<{fields}>"
    if kind not in _SCALARS:
        raise TypeError(f"Glue has no type for {kind}; give the column another")
    return _SCALARS[kind]


@dataclass(frozen=True, slots=True)
class Glue:
    """One database of Glue's, and the Lake Formation tags that it and its tables carry.

    Every method raises :class:`GlueUnavailable` when AWS refuses or can't be reached.
    """

    client: GlueClient
    lake_formation: LakeFormationClient
    database: str
    tags: Mapping[str, str]

    def keep(self, lake: Lake, dataset: str) -> int:
        """Make a dataset's table what its days in the catalogue are.

        Returns:
            How many partitions were created, moved or deleted.

        Raises:
            BadConfiguration: Lake Formation does not know a tag.
        """
        with self._refusals():
            self._keep_database()
            table = _table(lake, dataset)
            self._keep_table(table)
            self._tag({"Database": {"Name": self.database}})
            self._tag({"Table": {"DatabaseName": self.database, "Name": dataset}})
            return self._keep_partitions(lake, dataset, table["StorageDescriptor"])

    def is_there(self) -> bool:
        """Whether there is such a database."""
        with self._refusals():
            try:
                self.client.get_database(Name=self.database)
            except self.client.exceptions.EntityNotFoundException:
                return False
        return True

    def days(self, dataset: str) -> set[date]:
        """The days that readers of Glue are shown; none where the table is not there yet."""
        with self._refusals():
            try:
                return {date.fromisoformat(day) for day in self._partitions(dataset)}
            except self.client.exceptions.EntityNotFoundException:
                return set()

    def _keep_database(self) -> None:
        try:
            self.client.get_database(Name=self.database)
        except self.client.exceptions.EntityNotFoundException:
            wanted: Any = {"Name": self.database, "Description": "Posts from X, compacted"}
            # The datasets' tasks look at the same time.
            with suppress(self.client.exceptions.AlreadyExistsException):
                self.client.create_database(DatabaseInput=wanted)

    def _keep_table(self, table: Any) -> None:
        try:
            there = self.client.get_table(DatabaseName=self.database, Name=table["Name"])["Table"]
        except self.client.exceptions.EntityNotFoundException:
            self.client.create_table(DatabaseName=self.database, TableInput=table)
            return
        if not _holds(there, table):
            self.client.update_table(DatabaseName=self.database, TableInput=table)

    def _keep_partitions(self, lake: Lake, dataset: str, storage: Mapping[str, Any]) -> int:
        name: Any = {"DatabaseName": self.database, "TableName": dataset}
        there = self._partitions(dataset)
        wanted: dict[str, Any] = {}
        gone: list[str] = []
        for manifest in manifests(lake, dataset):
            day = manifest.day.isoformat()
            if manifest.files:
                location = f"s3://{lake.bucket}/{manifest.prefix}"
                wanted[day] = {
                    "Values": [day],
                    "StorageDescriptor": {**storage, "Location": location},
                }
            elif day in there:
                gone.append(day)
        somewhere = (
            curated_days(lake, dataset)
            | compacted_days(lake, dataset)
            | catalogued(lake, dataset).keys()
        )
        gone += sorted(there.keys() - {day.isoformat() for day in somewhere})
        new = [partition for day, partition in wanted.items() if day not in there]
        moved = [p for day, p in wanted.items() if day in there and not _holds(there[day], p)]
        for some in _in_calls(new):
            answer = self.client.batch_create_partition(**name, PartitionInputList=some)
            self._look_for_refusals(answer.get("Errors", []))
        for partition in moved:
            self.client.update_partition(
                **name, PartitionValueList=partition["Values"], PartitionInput=partition
            )
        for day in gone:
            self.client.delete_partition(**name, PartitionValues=[day])
        return len(new) + len(moved) + len(gone)

    def _partitions(self, dataset: str) -> dict[str, Any]:
        pages = self.client.get_paginator("get_partitions").paginate(
            DatabaseName=self.database, TableName=dataset
        )
        return {p["Values"][0]: p for page in pages for p in page["Partitions"]}

    def _look_for_refusals(self, errors: Sequence[Any]) -> None:
        """Glue takes some partitions of a call and refuses others, without an error of its own."""
        if errors:
            told = "; ".join(
                f"{error['PartitionValues'][0]}: {error['ErrorDetail']['ErrorMessage']}"
                for error in errors
            )
            raise GlueUnavailable(self.database, f"partitions were refused: {told}")

    def _tag(self, resource: Any) -> None:
        if not self.tags:
            return
        wanted: Any = [{"TagKey": key, "TagValues": [value]} for key, value in self.tags.items()]
        answer = self.lake_formation.add_lf_tags_to_resource(Resource=resource, LFTags=wanted)
        if answer["Failures"]:
            told = "; ".join(
                f"{failure['LFTag']['TagKey']}: {failure['Error']['ErrorMessage']}"
                for failure in answer["Failures"]
            )
            raise BadConfiguration(
                f"Lake Formation refused tags of the setting lake_formation_tags: {told}. Create "
                "them in Lake Formation, with their values, or correct the setting"
            )

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise GlueUnavailable(self.database, error) from error


def _table(lake: Lake, dataset: str) -> Any:
    columns = [
        {
            "Name": field.name,
            "Type": glue_type(field.type),
            "Comment": field.metadata[b"description"].decode(),
        }
        for field in compacted_schema(dataset_named(dataset))
    ]
    return {
        "Name": dataset,
        "Description": f"The days of {dataset} that are compacted",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "PartitionKeys": [{"Name": "dt", "Type": "date", "Comment": "UTC date of the rows."}],
        "StorageDescriptor": {
            "Columns": columns,
            "Location": f"s3://{lake.bucket}/compacted/{dataset}/",
            **_FORMAT,
        },
    }


def _holds(there: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there; Glue adds fields of its own."""
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(
            key in there and _holds(there[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return len(there) == len(wanted) and all(map(_holds, there, wanted))
    return bool(there == wanted)


def _in_calls(partitions: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(partitions), _PARTITIONS_A_CALL):
        yield partitions[start : start + _PARTITIONS_A_CALL]
