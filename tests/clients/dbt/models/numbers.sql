-- SPDX-License-Identifier: Apache-2.0
SELECT id, id % 3 AS k FROM range(10)
