# SPDX-License-Identifier: Apache-2.0
"""What a program of row_programs.py gives, as text that can be compared."""


def text_of(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {text_of(value[key])}" for key in sorted(value)) + "}"
    return repr(value)


def of_frame(frame) -> dict:
    rows = ["(" + ", ".join(text_of(cell) for cell in row) + ")" for row in frame.collect()]
    return {"schema": ", ".join(f"{field.name} {field.dataType.simpleString()}{'' if field.nullable else ' NOT NULL'}"
                                for field in frame.schema.fields), "rows": sorted(rows)}


def condition_of(call) -> str:
    from pyspark.errors import PySparkException

    try:
        call()
    except PySparkException as error:
        return error.getCondition()
    return "no error"
