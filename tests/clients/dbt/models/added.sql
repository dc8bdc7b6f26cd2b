-- SPDX-License-Identifier: Apache-2.0
{{ config(materialized='incremental', incremental_strategy='append') }}
SELECT id AS `an id`, {{ "'again'" if is_incremental() else "'first'" }} AS run FROM {{ ref('numbers') }} WHERE id < 2
