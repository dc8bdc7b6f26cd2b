# SPDX-License-Identifier: Apache-2.0
"""What the tests with real servers are built from: Sluice's processes, topics, a long-lived Spark, table readers."""
