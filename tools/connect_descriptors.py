# SPDX-License-Identifier: Apache-2.0
"""Writes the FileDescriptorSet of the Spark Connect protocol, taken from the installed pyspark-client wheel, and of the
messages in which its errors travel, taken from googleapis-common-protos.

Usage: connect_descriptors.py OUTPUT
"""
import importlib
import pathlib
import sys
import types

from google.protobuf import descriptor_pb2

NAMES = ["base", "catalog", "commands", "common", "expressions", "ml", "ml_common", "pipelines", "relations", "types"]


def proto_folder() -> pathlib.Path:
    for entry in sys.path:
        folder = pathlib.Path(entry) / "pyspark" / "sql" / "connect" / "proto"
        if folder.is_dir():
            return folder
    raise SystemExit("pyspark-client is not installed in this Python")


def import_without_pyspark(folder: pathlib.Path) -> None:
    # Importing pyspark itself would load pandas and grpc; empty packages with the right paths do.
    for depth, name in enumerate(["pyspark", "pyspark.sql", "pyspark.sql.connect", "pyspark.sql.connect.proto"]):
        module = types.ModuleType(name)
        module.__path__ = [str(folder.parents[2 - depth] if depth < 3 else folder)]
        sys.modules[name] = module


def main() -> None:
    folder = proto_folder()
    import_without_pyspark(folder)
    result = descriptor_pb2.FileDescriptorSet()
    seen = set()

    def add(file_descriptor) -> None:
        if file_descriptor.name in seen:
            return
        seen.add(file_descriptor.name)
        for dependency in file_descriptor.dependencies:
            add(dependency)
        file_descriptor.CopyToProto(result.file.add())

    for name in NAMES:
        add(importlib.import_module(f"pyspark.sql.connect.proto.{name}_pb2").DESCRIPTOR)
    for name in ["status", "error_details"]:
        add(importlib.import_module(f"google.rpc.{name}_pb2").DESCRIPTOR)
    output = pathlib.Path(sys.argv[1])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(result.SerializeToString())


if __name__ == "__main__":
    main()
