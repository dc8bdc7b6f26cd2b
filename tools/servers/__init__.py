# SPDX-License-Identifier: Apache-2.0
"""Real servers for tests and benchmarks: Apache Kafka and MinIO on free loopback ports, each in a temporary folder.

`python3 tools/servers up kafka s3` starts them for a person; tests use `servers.kafka.Kafka` and `servers.minio.Minio`.
"""
