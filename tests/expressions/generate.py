# SPDX-License-Identifier: Apache-2.0
"""Draws SQL expressions over all functions of docs/functions.md: literals at the edges of each type, columns, calls within calls,
casts, operators, CASE and aggregates. The same seed gives the same expressions."""
import pathlib
import random
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
ZONES = ["UTC", "America/Los_Angeles", "Asia/Kolkata"]

TYPES = {"B": "BOOLEAN", "y": "TINYINT", "h": "SMALLINT", "i": "INT", "l": "BIGINT", "f": "FLOAT", "d": "DOUBLE", "c": "DECIMAL(10,2)",
         "C": "DECIMAL(38,18)", "s": "STRING", "b": "BINARY", "e": "DATE", "t": "TIMESTAMP", "n": "TIMESTAMP_NTZ",
         "a": "ARRAY<INT>", "x": "ARRAY<STRING>", "m": "MAP<STRING,INT>", "r": "STRUCT<p:INT,q:STRING>"}
INTEGRAL = "yhil"
NUMBERS = "yhilfdcC"
# Kinds that stand for several types, and the texts with a meaning of their own.
KINDS = {"A": "Byhilfdccsssbetnaxmr", "N": NUMBERS + "iiddd", "I": INTEGRAL + "ii", "S": "sssb", "L": "aaxx", "M": "m", "O": "Byhilfdcsetn"}

LITERALS = {
    "B": ["true", "false"],
    "y": ["0Y", "1Y", "-1Y", "127Y", "-128Y", "42Y"],
    "h": ["0S", "-1S", "32767S", "-32768S", "300S"],
    "i": ["0", "1", "-1", "2", "3", "7", "10", "2147483647", "-2147483648", "-5", "100", "1970", "65536"],
    "l": ["0L", "1L", "-1L", "9223372036854775807L", "-9223372036854775808L", "1000000007L", "253402300800L", "-62135596801L"],
    "f": ["CAST(0 AS FLOAT)", "1.5F", "-2.25F", "3.4028235E38F", "1.4E-45F", "CAST('NaN' AS FLOAT)", "CAST('-Infinity' AS FLOAT)", "0.1F", "CAST('-0.0' AS FLOAT)"],
    "d": ["0D", "1D", "-1.5D", "2.5D", "3.5D", "0.1D", "1.7976931348623157E308D", "4.9E-324D", "CAST('NaN' AS DOUBLE)",
          "CAST('Infinity' AS DOUBLE)", "CAST('-0.0' AS DOUBLE)", "1E10D", "123456.789D", "-1E-5D", "9007199254740993D", "1E18D"],
    "c": ["0BD", "1.5BD", "-2.50BD", "0.01BD", "99999999.99BD", "-99999999.99BD", "2.5BD", "12.345BD", "10BD"],
    "C": ["CAST(0 AS DECIMAL(38,18))", "1.000000000000000001BD", "CAST('99999999999999999999.999999999999999999' AS DECIMAL(38,18))",
          "CAST(-0.5 AS DECIMAL(38,18))", "12345678901234567890123456789012345678BD", "0.00000000000000000000000000000000000001BD"],
    "s": ["''", "'a'", "'abc'", "'Spark SQL'", "' x '", "'ABC'", "'1'", "'-1'", "'1.5'", "'1e3'", "'NaN'", "'true'", "'2024-02-29'",
          "'2024-02-29 12:34:56.789'", "'2019-13-01'", "'é'", "'日本語'", "'ﬀ'", "'İ'", "'a,b,c'", "'%'", "'_'", "'a\\\\b'", "'\\t\\n'", "'😀x'",
          "'aaa'", "'b'", "'www.apache.org'", "'2147483648'", "'0'", "'ß'", "'ab ab'", "'10:20:30'", "'1970-01-01T00:00:00Z'", "'-0001-01-01'",
          "CAST(X'80' AS STRING)", "CAST(X'61FF62' AS STRING)"],
    "b": ["X''", "X'61'", "X'616263'", "X'80FF'", "X'00'", "X'E697A5'"],
    "e": ["DATE'1970-01-01'", "DATE'2024-02-29'", "DATE'1582-10-15'", "DATE'0001-01-01'", "DATE'9999-12-31'", "DATE'-0044-03-15'", "DATE'2019-12-31'",
          "DATE'2050-07-01'", "DATE'1900-01-31'"],
    "t": ["TIMESTAMP'1970-01-01 00:00:00'", "TIMESTAMP'2024-02-29 12:34:56.789123'", "TIMESTAMP'2024-03-10 02:30:00'", "TIMESTAMP'2024-11-03 01:30:00'",
          "TIMESTAMP'0001-01-01 00:00:00'", "TIMESTAMP'9999-12-31 23:59:59.999999'", "TIMESTAMP'1883-11-18 12:00:00'", "TIMESTAMP'2050-07-01 12:00:00Z'",
          "TIMESTAMP'1969-12-31 23:59:59.999999Z'", "TIMESTAMP'-0044-03-15 10:00:00'"],
    "n": ["TIMESTAMP_NTZ'1970-01-01 00:00:00'", "TIMESTAMP_NTZ'2024-03-10 02:30:00'", "TIMESTAMP_NTZ'2024-02-29 12:34:56.789123'",
          "TIMESTAMP_NTZ'0001-01-01 00:00:00'", "TIMESTAMP_NTZ'9999-12-31 23:59:59.999999'"],
    "a": ["array(1, 2, 3)", "array(3, NULL, 1)", "CAST(array() AS ARRAY<INT>)", "array(2147483647, -2147483648)", "array(1, 1, 2)"],
    "x": ["array('a', 'b')", "array('b', NULL, '')", "CAST(array() AS ARRAY<STRING>)", "split('a,b,,', ',')", "array('x', 'x')"],
    "m": ["map('a', 1, 'b', 2)", "map('a', CAST(NULL AS INT))", "CAST(map() AS MAP<STRING,INT>)", "map('', 0)"],
    "r": ["named_struct('p', 1, 'q', 'x')", "named_struct('p', CAST(NULL AS INT), 'q', 'y')", "struct(2 AS p, '' AS q)"],
}
TEXTS = {  # of arguments with a meaning of their own
    "@regex": ["'a'", "'[abc]'", "','", "' '", "'b+'", "'(a)(b)?'", "'\\\\.'", "'^a'", "''"],
    "@like": ["'a%'", "'%b%'", "'_'", "'%'", "''", "'a\\\\%'", "'S%L'", "'a'"],
    "@format": ["'yyyy-MM-dd'", "'yyyy-MM-dd HH:mm:ss'", "'y'", "'yyyy-MM-dd''T''HH:mm:ss.SSSSSS'", "'MMM d, yyyy'", "'EEEE'", "'D'", "'hh:mm a'",
                "'G yyyy'", "'[yyyy-]MM-dd'", "'O'", "'zzzz'", "'VV'", "'XXX'", "'Q'", "'q'", "'yy'", "'H:m:s.S'", "'kk'", "'KK'", "'x'", "'Z'", "'ZZZZ'",
                "'e'", "'YYYY'", "'yyyyyyyy'", "'B'", "''", "'abc'", "'MMMM'", "'LLL'", "'z'", "'DDD'", "'SSS'", "'uuuu'", "'F'"],
    "@parse": ["'yyyy-MM-dd'", "'yyyy-MM-dd HH:mm:ss'", "'yyyy-MM-dd HH:mm:ss.SSS'", "'yyyy-MM-dd[ HH:mm:ss[.SSSSSS]]'", "'yyyy'", "'HH:mm:ss'", "'yyyy-M-d'",
               "'H:m:s'", "'G y'", "'MM'", "'yyyy-MM-dd HH:mm:ss.SSSSSS'", "'E'", "'y-M-d'"],
    "@zone": ["'UTC'", "'America/Los_Angeles'", "'Asia/Kolkata'", "'+08:00'", "'GMT+8'", "'EST'", "'PST'", "'Mars'", "''", "'Europe/Berlin'", "'UTC+01:30'", "'+8'"],
    "@unit": ["'year'", "'MONTH'", "'week'", "'quarter'", "'DAY'", "'HOUR'", "'minute'", "'second'", "'millisecond'", "'MICROSECOND'", "'mon'", "'yy'", "'x'"],
    "@weekday": ["'MO'", "'Tue'", "'friday'", "'x'", "'SUNDAY'", "''"],
    "@charset": ["'UTF-8'", "'US-ASCII'", "'UTF-16'", "'ISO-8859-1'", "'utf-16be'", "'UTF-16LE'", "'latin1'", "'UTF-32'"],
    "@printf": ["'%s'", "'%d'", "'%5s|'", "'%05d'", "'%.2f'", "'%x'", "'%c'", "'%b'", "'%e'", "'%,d'", "'%%'", "'%-5s|'", "'%s %s'", "'%S'", "'%+d'"],
    "@small": ["0", "1", "2", "3", "-1", "-2", "5", "10", "-10", "CAST(NULL AS INT)", "100"],
    "@digits": ["0", "1", "2", "-1", "-2", "3", "5", "18", "-5", "38", "10"],
    "@bits": ["0", "224", "256", "384", "512", "1", "-1"],
    "@part": ["'a'", "'b'", "''", "'SQL'", "','", "'.'", "' '", "'ab'", "'é'"],
    "@boolean": ["true", "false", "CAST(NULL AS BOOLEAN)"],
    "@months": ["1", "12", "-1", "0", "-13", "1000", "2147483647"],
    "@days": ["1", "-1", "0", "365", "-800000", "2147483647", "1S"],
    "@year": ["1970", "2024", "0", "-44", "9999", "10000", "2147483647"],
    "@month": ["1", "12", "0", "13", "2"],
    "@day": ["1", "29", "31", "0", "30"],
    "@hour": ["0", "23", "24", "12"],
    "@sixty": ["0", "59", "60", "30"],
    "@seconds": ["0BD", "59.999999BD", "60BD", "30.5BD", "60.5BD", "1BD", "12"],
}

# Functions and their arguments: a letter of TYPES or KINDS, or a text; ? before those that may be left out, * before one that may
# be repeated. Behind the arrow the kind of the result, where other calls may use it.
CALLS = """
upper lower ucase lcase initcap : s > s
trim btrim ltrim rtrim : s ? @part > s
length len char_length character_length octet_length bit_length : S > i
substring substr : S @small ? @small > s
left right : S @small > s
lpad rpad : S @small ? @part > s
repeat : s @small > s
space : @small > s
reverse : s > s
reverse : L > a
instr contains startswith endswith : s @part > A
locate position : @part s ? @small > i
replace : s @part ? @part > s
translate : s @part @part > s
split_part substring_index : s @part @small > s
ascii : s > i
char chr : I > s
regexp_like regexp regexp_substr regexp_count : s @regex > A
regexp_replace : s @regex @part ? @small > s
regexp_extract : s @regex ? @small > s
split : s @regex ? @small > x
concat : s * s > s
concat : L L > a
concat : b b > b
concat_ws : @part * s > s
concat_ws : @part x ? s > s
abs negative sign signum : N > N
ceil ceiling floor : N > l
rint sqrt cbrt exp ln log10 log2 sin cos tan degrees radians : N > d
log : N ? N > d
pow power atan2 : N N > d
pi e : > d
bit_count : I > i
round bround : N ? @digits > N
size cardinality : L > i
size cardinality : M > i
array_size array_distinct array_min array_max : L > A
array_contains array_position : a i > A
array_contains array_position : x s > A
array_contains : L A > B
array_join : x @part ? @part > s
slice : L @small @small > L
sort_array : L ? @boolean > L
map_keys map_values : M > A
array : * i > a
array : * s > x
array : A A > A
map : s i > m
map : s A s A > A
struct : A ? A > A
named_struct : 'p' A 'q' A > A
year quarter month weekofyear day dayofmonth dayofyear dayofweek weekday : e > i
year quarter month weekofyear day dayofmonth dayofyear dayofweek weekday : O > i
hour minute second : t > i
hour minute second : O > i
date_add dateadd date_sub : e @days > e
datediff date_diff : e e > i
add_months : e @months > e
months_between : t t ? @boolean > d
last_day : e > e
next_day : e @weekday > e
trunc : e @unit > e
make_date : @year @month @day > e
unix_date : e > i
date_from_unix_date : i > e
to_date try_to_date : s ? @parse > e
to_timestamp try_to_timestamp : s ? @parse > t
date_format : t @format > s
date_format : O @format > s
unix_timestamp to_unix_timestamp : s ? @parse > l
unix_timestamp to_unix_timestamp : t > l
from_unixtime : l ? @format > s
timestamp_seconds : N > t
timestamp_millis timestamp_micros : I > t
unix_seconds unix_millis unix_micros : t > l
date_trunc : @unit t > t
make_timestamp : @year @month @day @hour @sixty @seconds > t
from_utc_timestamp to_utc_timestamp : t @zone > t
md5 sha1 sha crc32 : S > A
sha2 : S @bits > s
hash xxhash64 : * A > l
base64 : S > s
unbase64 unhex : s > b
hex : S > s
hex bin : I > s
encode : s @charset > b
decode : b @charset > s
format_string printf : @printf A ? A > s
format_number : N @digits > s
format_number : N '#,###.##' > s
typeof : A > s
isnull isnotnull : A > B
isnan : N > B
mod pmod try_add try_subtract try_multiply try_divide : N N > N
try_add : e @days > e
if : B A A > A
coalesce greatest least : i i ? i > i
coalesce greatest least : A * A > A
nvl ifnull nullif : A A > A
nvl ifnull nullif : s s > s
nvl2 : A A A > A
get element_at try_element_at : a @small > i
element_at try_element_at : m @part > i
get element_at try_element_at : L A > A
raise_error : s > A
"""

OPERATORS = ["=", "==", "<=>", "<", "<=", ">", ">=", "!=", "<>", "+", "-", "*", "/", "%", "div", "and", "or", "||"]
AGGREGATES = {"count": "A", "count_if": "B", "sum": "N", "try_sum": "N", "avg": "N", "mean": "N", "min": "O", "max": "O", "bool_and": "B", "every": "B",
              "bool_or": "B", "some": "B", "any": "B", "first": "A", "first_value": "A", "any_value": "A", "last": "A", "last_value": "A", "var_pop": "N",
              "var_samp": "N", "variance": "N", "stddev_pop": "N", "stddev_samp": "N", "stddev": "N", "std": "N"}
# Drawn in a way of their own, or with answers that change from call to call, or JSON and CSV, which have tests of their own.
APART = {"in", "not", "!", "when", "getitem", "like", "ilike", "rlike", "&", "|", "^", "~", "current_timestamp", "now", "localtimestamp", "current_date",
         "curdate", "current_timezone", "uuid", "from_json", "from_csv", "get_json_object", "json_array_length", "json_object_keys", "to_json", "rand",
         "random", "randn", "current_user", "user", "session_user", "current_database", "current_schema", "current_catalog", "version", "monotonically_increasing_id",
         "schema_of_json", "schema_of_csv", "to_csv", "assert_true", "current_time", "spark_partition_id", "input_file_name"}


def documented():
    names = re.findall(r"^\| `((?:\\\||[^`|])+)` \|", (ROOT / "docs/functions.md").read_text(), re.M)
    return {name.replace("\\|", "|") for name in names}


def calls():
    rows = []
    for line in CALLS.strip().splitlines():
        names, rest = line.split(" : ", 1)
        arguments, result = rest.rsplit("> ", 1) if not rest.startswith("> ") else ("", rest[2:])
        rows += [(name, arguments.split(), result.strip()) for name in names.split()]
    missing = documented() - {row[0] for row in rows} - set(OPERATORS) - APART
    if missing:
        raise SystemExit(f"no row in CALLS of {__file__} for {sorted(missing)}")
    return [row for row in rows if row[0] in documented()]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.calls = calls()
        self.columns = {}  # of the question being drawn: kind -> name and value
        self.by_result = {}
        for row in self.calls:
            self.by_result.setdefault(row[2], []).append(row)

    def type_of(self, kind):
        return self.random.choice(KINDS[kind]) if kind in KINDS else kind

    def literal(self, kind):
        if self.random.random() < 0.06:
            return self.random.choice(["NULL", f"CAST(NULL AS {TYPES[kind]})"])
        return self.random.choice(LITERALS[kind])

    def argument(self, kind, depth):
        draw = self.random.random()
        if kind.startswith("@"):
            if draw < 0.9:
                return self.random.choice(TEXTS[kind])
            kind = "s" if TEXTS[kind][0].startswith("'") else "A"
        elif kind.startswith("'"):
            return kind
        elif draw < 0.05:
            kind = "A"
        elif draw < 0.12:
            kind = self.random.choice("sideO")
        return self.value(kind, depth)

    def value(self, kind, depth):
        kind = self.type_of(kind)
        draw = self.random.random()
        if depth <= 0 or draw < 0.5:
            return self.literal(kind)
        if draw < 0.62:
            name = "c_" + re.sub(r"\W+", "_", TYPES[kind].lower())
            return self.columns.setdefault(kind, (name, self.literal(kind)))[0]
        if draw < 0.75:
            word = self.random.choice(["CAST", "CAST", "TRY_CAST"])
            return f"{word}({self.value('O', depth - 1)} AS {TYPES[kind]})"
        if draw < 0.85:
            return f"({self.operation(depth - 1, kind)})" if kind in NUMBERS + "B" else self.literal(kind)
        rows = self.by_result.get(kind, []) + (self.by_result["N"] if kind in NUMBERS else [])
        return self.call(self.random.choice(rows), depth - 1) if rows else self.literal(kind)

    def call(self, row, depth):
        name, kinds, _ = row
        arguments = []
        optional = False
        repeat = False
        for kind in kinds:
            if kind == "?":
                optional = True
            elif kind == "*":
                repeat = True
            elif optional and self.random.random() < 0.5:
                break
            else:
                for _ in range(self.random.randint(1, 3) if repeat else 1):
                    arguments.append(self.argument(kind, depth))
        if self.random.random() < 0.01:
            arguments = arguments[1:] if arguments and self.random.random() < 0.5 else arguments + [self.value("A", 0)]
        return f"{name}({', '.join(arguments)})"

    def operation(self, depth, kind="A"):
        if kind in NUMBERS:
            operator = self.random.choice(["+", "-", "*", "/", "%", "div"])
        elif kind == "B":
            operator = self.random.choice(["=", "<=>", "<", ">=", "!=", "and", "or"])
        else:
            operator = self.random.choice(OPERATORS)
        if operator in ("and", "or"):
            side = "B"
        elif operator == "||":
            side = self.random.choice("ssbL")
        elif operator in ("+", "-", "*", "/", "%", "div"):
            side = "N"
        else:
            side = self.type_of("A")
        left = self.argument(side, depth)
        right = self.argument(side, depth)
        return f"{left} {operator} {right}"

    def special(self, depth):
        draw = self.random.randint(0, 8)
        if draw == 0:
            kind = self.type_of("A")
            return f"{self.value(kind, depth)} {self.random.choice(['', 'NOT '])}IN ({', '.join(self.argument(kind, depth) for _ in range(self.random.randint(1, 3)))})"
        if draw == 1:
            kind = self.type_of("A")
            pairs = " ".join(f"WHEN {self.value('B', depth)} THEN {self.argument(kind, depth)}" for _ in range(self.random.randint(1, 2)))
            return f"CASE {pairs}{self.random.choice(['', f' ELSE {self.argument(kind, depth)}'])} END"
        if draw == 2:
            return f"{self.value('s', depth)} {self.random.choice(['LIKE', 'ILIKE', 'NOT LIKE'])} {self.argument('@like', depth)}"
        if draw == 3:
            return f"{self.value('s', depth)} RLIKE {self.argument('@regex', 0)}"
        if draw == 4:
            return self.random.choice([f"({self.value('L', depth)})[{self.argument('@small', depth)}]", f"({self.value('m', depth)})[{self.argument('@part', depth)}]",
                                       f"({self.value('r', depth)}).{self.random.choice('pqz')}"])
        if draw == 5:
            return f"{self.random.choice(['NOT', '!'])} {self.argument('B', 0)}"
        if draw == 6:
            kind = self.type_of("O")
            return f"{self.value(kind, depth)} BETWEEN {self.argument(kind, depth)} AND {self.argument(kind, depth)}"
        if draw == 7:
            return f"-{self.value('N', depth)}" if self.random.random() < 0.5 else f"- {self.argument('N', depth)}"
        field = self.random.choice(["YEAR", "MONTH", "DAY", "HOUR", "SECOND", "WEEK", "DOW", "QUARTER", "DOY", "MINUTE", "YEAROFWEEK", "DAYOFWEEK_ISO"])
        return f"extract({field} FROM {self.value(self.random.choice('etn'), depth)})"

    def expression(self, depth=2):
        """Its text, and what it is named by in a report."""
        draw = self.random.random()
        if draw < 0.62:
            row = self.random.choice(self.calls)
            return self.call(row, depth), row[0]
        if draw < 0.74:
            text = self.operation(depth)
            return text, "operator"
        if draw < 0.86:
            target = self.random.choice(list(TYPES.values()) + ["DECIMAL(5,0)", "DECIMAL(38,38)"])
            word = self.random.choice(["CAST", "CAST", "TRY_CAST"])
            return f"{word}({self.argument('A', depth)} AS {target})", f"cast to {target}"
        return self.special(depth), "special form"

    def question(self):
        """(query with a column v, name)"""
        if self.random.random() < 0.02:
            name = self.random.choice(list(AGGREGATES))
            kind = self.type_of(AGGREGATES[name])
            distinct = "DISTINCT " if self.random.random() < 0.15 else ""
            rows = [self.literal(kind) for _ in range(self.random.randint(1, 4))]
            return f"SELECT {name}({distinct}x) AS v FROM ({' UNION ALL '.join(f'SELECT {row} AS x' for row in rows)})", name
        self.columns = {}
        text, name = self.expression()
        if not self.columns:
            return f"SELECT {text} AS v", name
        columns = ", ".join(f"{value} AS {column}" for column, value in self.columns.values())
        return f"SELECT {text} AS v FROM (SELECT {columns})", name


def questions(seed, count):
    """Lines: ansi, zone, query, by tabs; and the names of what each tries. Each expression is asked with ANSI and without."""
    generator = Generator(seed)
    lines, names = [], []
    for _ in range(count):
        query, name = generator.question()
        zone = generator.random.choice(ZONES)
        for ansi in ("true", "false"):
            lines.append(f"{ansi}\t{zone}\t{query}")
            names.append(name)
    return lines, names
