-- SPDX-License-Identifier: Apache-2.0
{{ config(materialized='table') }}
SELECT k, name, count(*) AS n, sum(id) AS s FROM {{ ref('numbers') }} JOIN {{ ref('names') }} USING (k) GROUP BY k, name
