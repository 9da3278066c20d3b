"""Where SQL stands, how it is written, and that every statement on a tenant's rows keeps to its tenant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import asyncpg
import pytest

from tests.architecture.sources import WRITES_SQL, Function, Source, functions, listed, sources, texts
from tests.architecture.test_statements import ACROSS_TENANTS, statements

RUNNERS = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "cursor", "copy_records_to_table"}
# The statements that are no constants, each with its reason; nothing else may build one.
NOT_CONSTANT = {
    ("kernel/db.py", "transaction"): "`begin; set local app.tenant_id = …` in one round trip; the id is a parsed UUID",
    ("kernel/db.py", "fetch"): "passes a statement on",
    ("kernel/db.py", "fetchrow"): "passes a statement on",
    ("kernel/db.py", "fetchval"): "passes a statement on",
    ("kernel/db.py", "execute"): "passes a statement on",
    ("kernel/db.py", "executemany"): "passes a statement on",
    ("kernel/attendance.py", "read_only"): "an operator's own statement, in a transaction that cannot write",
}
# The texts that may be put together: PostgreSQL takes no parameter there.
GLUED = {
    ("kernel/db.py", "begin; set local app.tenant_id"),
    ("kernel/postgres/server.py", "create database"),
}
BEGINS_LIKE_SQL = re.compile(
    r"^\s*(select|insert into|update|delete from|with \w+ as|begin|commit|rollback|lock table|truncate|copy|listen"
    r"|notify|savepoint|set (local|transaction|session|role)|create|alter|drop|grant|revoke)\b"
)


def may_hold_sql(source: Source) -> bool:
    """Tell whether a file is a place for SQL."""
    return source.is_queries or source.room in {"kernel", "schema"}


def sql_outside(source: Source) -> Iterator[str]:
    """List the SQL of a file that is no place for it."""
    for text in texts(source.tree):
        if isinstance(text.value, str) and WRITES_SQL.search(text.value.lower()):
            yield f"{source.place}:{text.lineno} {' '.join(text.value.split())[:80]}"


def test_sql_stands_in_queries_in_schema_and_in_the_kernel_only() -> None:
    offenders = [fault for source in sources() if not may_hold_sql(source) for fault in sql_outside(source)]
    assert not offenders, listed(offenders)


@pytest.mark.parametrize(
    "code",
    [
        's = "select id from calls"',
        's = """\n  insert into calls (id) values ($1)"""',
        's = "UPDATE calls AS call SET status = $1"',
        's = f"delete from calls where id = {x}"',
        's = "with due as (select 1) select 2"',
    ],
)
def test_sql_in_a_wrong_place_is_seen(code: str) -> None:
    assert list(sql_outside(Source("features/calls/service.py", code, ast.parse(code))))


def test_prose_is_not_taken_for_sql() -> None:
    code = 's = "Update the set of rules"; t = "to select one from the list, delete from it, or insert into it"'
    assert not [fault for fault in sql_outside(Source("x.py", code, ast.parse(code))) if "Update" in fault]


def is_constant(node: ast.expr) -> bool:
    """Tell whether a statement is a module's constant or a plain text."""
    match node:
        case ast.Constant(value=str()):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
        case ast.IfExp(body=body, orelse=orelse):
            return is_constant(body) and is_constant(orelse)
        case _:
            return False


def built_statements(source: Source) -> Iterator[tuple[str, str]]:
    """List function and line of every statement that is run and is no constant."""
    for function in functions(source.tree):
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in RUNNERS
                and re.search(r"\b(tx|_?conn\w*|_?pool|_?database|owner|admin|login)$", ast.unparse(node.func.value))
                and node.args
                and not is_constant(node.args[0])
            ):
                yield function.name, f"{source.place}:{node.lineno} {ast.unparse(node)[:90]}"


def test_every_statement_that_is_run_is_a_constant() -> None:
    offenders = [
        line
        for source in sources()
        if source.is_queries or source.room == "kernel"
        for name, line in built_statements(source)
        if (source.place, name) not in NOT_CONSTANT
    ]
    assert not offenders, listed(offenders)


def test_every_named_exception_is_still_needed() -> None:
    built = {(source.place, name) for source in sources() for name, _ in built_statements(source)}
    assert set(NOT_CONSTANT) <= built


def glued_texts(source: Source) -> Iterator[str]:
    """List every place where SQL is put together from pieces."""
    for node in ast.walk(source.tree):
        pieces: list[ast.expr] = []
        match node:
            case ast.JoinedStr(values=values) if len(values) > 1:
                pieces = values[:1]
            case ast.BinOp(op=ast.Add() | ast.Mod(), left=left, right=right):
                pieces = [left, right]
            case ast.Call(func=ast.Attribute(attr="format" | "join" | "replace" | "substitute", value=value)):
                pieces = [value]
            case _:
                continue
        for piece in pieces:
            if isinstance(piece, ast.Constant) and isinstance(piece.value, str) and BEGINS_LIKE_SQL.match(piece.value):
                yield f"{source.place}:{piece.lineno} {piece.value.strip()[:60]}"


def test_no_statement_is_put_together_from_pieces() -> None:
    found = [fault for source in sources() if source.room != "schema" for fault in glued_texts(source)]
    excused = [fault for fault in found if any(fault.startswith(place) and what in fault for place, what in GLUED)]
    assert len(excused) == len(GLUED), listed(found)
    offenders = [fault for fault in found if fault not in excused]
    assert not offenders, listed(offenders)


@pytest.mark.parametrize(
    "code",
    ['f"select id from {t}"', '"select id from " + t', '"select id from %s" % t', '"select {}".format(t)'],
)
def test_a_statement_put_together_is_seen(code: str) -> None:
    assert list(glued_texts(Source("x.py", code, ast.parse(code))))


def test_schema_puts_only_definitions_together() -> None:
    offenders = [
        fault
        for source in sources()
        if source.room == "schema"
        for fault in glued_texts(source)
        if re.search(r" (select|insert|update|delete)\b", fault)
    ]
    assert not offenders, listed(offenders)


def sql_texts() -> Iterator[tuple[str, str]]:
    """List every SQL text of the program with its place."""
    for source in sources():
        if may_hold_sql(source) and source.place != "schema/engine_tables.py":
            for text in texts(source.tree):
                if isinstance(text.value, str) and BEGINS_LIKE_SQL.match(text.value):
                    yield f"{source.place}:{text.lineno}", text.value


def test_no_statement_asks_for_all_columns() -> None:
    found = list(sql_texts())
    assert len(found) > 200
    every = re.compile(r"(?<!count\()\*(?=\s*(?:,|from\b|$))|\breturning\s+\*|\w\.\*")
    offenders = [f"{place} {' '.join(text.split())[:90]}" for place, text in found if every.search(text)]
    assert not offenders, listed(offenders)
    assert every.search("select * from calls")
    assert every.search("select call.* from calls as call")
    assert not every.search("select count(*) from calls")


def test_keywords_are_written_in_lower_case() -> None:
    shouting = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|VALUES|RETURNING|JOIN|CREATE|ALTER)\b")
    literal = re.compile(r"'[^']*'|\$\$[\s\S]*?\$\$")
    offenders = [
        f"{place} {' '.join(text.split())[:90]}"
        for place, text in sql_texts()
        if shouting.search(literal.sub("", text))
    ]
    assert not offenders, listed(offenders)


def test_statements_are_named_constants_of_their_module() -> None:
    """A statement inside a function is seen by no test that prepares statements."""
    offenders = [
        f"{source.place}:{text.lineno} {text.value.strip()[:70]}"
        for source in sources()
        if source.is_queries
        for function in source.tree.body
        if isinstance(function, Function)
        for text in texts(function)
        if isinstance(text.value, str) and BEGINS_LIKE_SQL.match(text.value)
    ]
    assert not offenders, listed(offenders)


TENANT_TABLES = """
    select relation.relname from pg_class as relation
    join pg_namespace as space on space.oid = relation.relnamespace
    join pg_attribute as field on field.attrelid = relation.oid and field.attname = 'tenant_id' and field.attnum > 0
    where relation.relkind in ('r', 'p') and space.nspname = 'public'
"""
USE = re.compile(
    r"\b(?P<how>from|join|update|into)\s+(?P<table>[a-z_]+)(?:\s+as)?(?:\s+(?!set\b|where\b|on\b|order\b|values\b|using\b"
    r"|cross\b|join\b|left\b|select\b|limit\b|group\b|returning\b)(?P<alias>[a-z_]+))?"
)


def scope_of(statement: str, position: int) -> str:
    """Cut out the query that a position belongs to: the innermost parentheses around it, without queries inside it."""
    start, depth = position, 0
    while start > 0 and depth >= 0:
        start -= 1
        depth += {")": 1, "(": -1}.get(statement[start], 0)
    end, depth = position, 0
    while end < len(statement) and depth >= 0:
        depth += {"(": 1, ")": -1}.get(statement[end], 0)
        end += 1
    inner = re.compile(r"\((?=\s*(?:select|insert|update|delete|with)\b)")
    scope = statement[start:end].removeprefix("(")
    while found := inner.search(scope):
        close, depth = found.start(), 0
        while close < len(scope):
            depth += {"(": 1, ")": -1}.get(scope[close], 0)
            close += 1
            if depth == 0:
                break
        scope = scope[: found.start()] + " query " + scope[close:]
    return scope


def strays(statement: str, tables: set[str]) -> list[str]:
    """List the tenant tables that a statement touches without naming the tenant of their rows.

    Each use must be bound to a tenant in its own query, and one of them to a parameter.
    """
    found, reads = [], False
    for use in USE.finditer(statement):
        table, alias = use["table"], use["alias"] or use["table"]
        if table not in tables:
            continue
        if use["how"] == "into":
            if not re.search(r"\btenant_id\b", statement[use.end() :].partition(")")[0]):
                found.append(table)
            continue
        reads = True
        prefix = rf"\b(?:{alias}|{table})\." if use["alias"] else rf"(?:\b{table}\.|(?<![.\w]))"
        named = rf"{prefix}tenant_id\b"
        if not re.search(rf"{named}\s*=|=\s*{named}", scope_of(statement, use.start())):
            found.append(table)
    anchored = re.search(r"tenant_id\s*=\s*\$\d|asked\.tenant_id|business\.id = \$\d", statement)
    if reads and not found and not anchored:
        found.append("any: no tenant is asked for")
    return found


async def tenant_tables(database_url: str) -> set[str]:
    """List the tables whose rows belong to a tenant."""
    connection = await asyncpg.connect(database_url)
    try:
        return {row["relname"] for row in await connection.fetch(TENANT_TABLES)}
    finally:
        await connection.close()


async def test_every_statement_of_a_feature_on_a_tenants_rows_names_the_tenant(database_url: str) -> None:
    tables = await tenant_tables(database_url)
    assert len(tables) > 15
    offenders = [
        f"{name}: {', '.join(sorted(set(found)))}"
        for name, statement in statements().items()
        if name.startswith("frontdesk.features.") and name not in ACROSS_TENANTS
        if (found := strays(statement, tables))
    ]
    assert not offenders, listed(offenders)


async def test_the_list_of_statements_across_tenants_holds_nothing_that_needs_no_exception(database_url: str) -> None:
    tables = await tenant_tables(database_url)
    found = statements()
    needless = [name for name in sorted(ACROSS_TENANTS) if name not in found or not strays(found[name], tables)]
    assert not needless, listed(needless)


@pytest.mark.parametrize(
    "statement",
    [
        "select id from calls where id = $1",
        "update calls set status = $2 where id = $1",
        "delete from calls where id = $1",
        "insert into calls (id, status) values ($1, $2)",
        "select call.id from tenants as business join calls as call on true where business.tenant_id = $1",
        "select 1 where exists (select from calls where id = $2) and tenant_id = $1",
        "select (select count(*) from calls), (select 1 from x where tenant_id = $1)",
        "update calls as call set status = $1 from (select 1 from x where x.tenant_id = $1) as y where call.id = y.id",
    ],
)
def test_a_statement_without_its_tenant_is_seen(statement: str) -> None:
    assert strays(statement, {"calls"}) == ["calls"]


def test_a_statement_bound_to_no_tenant_in_particular_is_seen() -> None:
    assert strays("select 1 from calls as a join calls as b on a.tenant_id = b.tenant_id", {"calls"})


def test_a_statement_with_its_tenant_passes() -> None:
    assert not strays("select id from calls where tenant_id = $1 and id = $2", {"calls"})
    assert not strays("insert into calls (id, tenant_id) values ($1, $2)", {"calls"})
    assert not strays("select 1 from calls as call where call.tenant_id = $1", {"calls"})
