"""Read records, and what they point to, in one query.

The ORM reads one model at a time. A page that needs a few fields of a dozen models
spends most of its time on the way to the database and back. What is read here lands in
the ORM's cache, as if the ORM had read it: the code that uses the records is the same.
"""

from odoo.tools import SQL, Query


def fetch_tree(model, domain, tree, limit=None):
    """Search records, and read some of their fields and of what they point to.

    :param model: An empty recordset in sudo: access rights are not applied to what the
        records point to. Translated fields are read in the language of its context.
    :param domain: Which records to read.
    :param dict tree: What to read: the names of stored fields. The value is a tree in
        its turn for a many2one, a tree of columns for a one2many or many2many, and
        `None` for all other fields, and for relations of which only the ids matter.
    :param int limit: How many records to read at most.
    :return: The records.
    """
    assert model.env.su, "access rights are not applied"
    query = model._search(domain, limit=limit, order=model._order)
    branch = _Branch(model, model._table, query, tree)
    rows = model.env.execute_query(query.select(*branch.terms))
    for row in rows:
        branch.store(iter(row))
    return model.browse(row[0] for row in rows)


def _column(model, alias, name, query):
    """Return a column. As in the ORM, a value that waits to be written stays in cache."""
    field = model._fields[name]
    column = model._field_to_sql(alias, name, query)
    if field.translate:
        return column
    to_flush = (other for other in column.to_flush if other != field)
    return SQL(column.code, *column.params, to_flush=to_flush)


class _Branch:
    """One record's part of the query, and of each row of its answer.

    :param model: The record's model.
    :param str alias: The name of its table in the query.
    :param Query query: The query. Tables of records that this one points to are joined.
    :param dict tree: What to read.
    """

    def __init__(self, model, alias, query, tree):
        self.model = model
        self.terms = [SQL.identifier(alias, "id")]
        self.parts = []
        for name, subtree in tree.items():
            field = model._fields[name]
            if field.type in ("one2many", "many2many"):
                part = _Lines(field, model, alias, subtree or {})
                self.terms += part.terms
                self.parts.append((field, part))
                continue
            self.terms.append(_column(model, alias, name, query))
            self.parts.append((field, None))
            if subtree:
                comodel = model.env[field.comodel_name]
                joined = query.left_join(alias, name, comodel._table, "id", name)
                part = _Branch(comodel, joined, query, subtree)
                self.terms += part.terms
                self.parts.append((None, part))

    def store(self, values):
        """Put one row of the answer into the cache, without overwriting.

        :param iterator values: What is left of the row, from this record's id on.
        """
        record = self.model.browse(next(values) or ())
        for field, part in self.parts:
            if field is None:
                part.store(values)
                continue
            value = part.store(values) if part else next(values)
            field._insert_cache(record, [value] * len(record))


class _Lines:
    """The records of a one2many or many2many, as arrays in the row of their owner."""

    def __init__(self, field, model, owner, columns):
        self.comodel = comodel = model.env[field.comodel_name]
        alias = Query.make_alias(owner, field.name)
        query = Query(comodel.env, alias, SQL.identifier(comodel._table))
        query.order = comodel._order_to_sql(comodel._order, query, alias=alias)
        owner_id = SQL.identifier(owner, "id")
        line_id = SQL.identifier(alias, "id")
        if field.type == "one2many":
            inverse = comodel._field_to_sql(alias, field.inverse_name, query)
            query.add_where(SQL("%s = %s", inverse, owner_id))
        else:
            relation = Query.make_alias(alias, "relation")
            column1 = SQL.identifier(relation, field.column1)
            column2 = SQL.identifier(relation, field.column2)
            query.add_join(
                "JOIN", relation, field.relation, SQL("%s = %s", column2, line_id)
            )
            query.add_where(SQL("%s = %s", column1, owner_id))
        self.fields = [comodel._fields[name] for name in columns]
        terms = [_column(comodel, alias, name, query) for name in columns]
        self.terms = [SQL("ARRAY(%s)", query.select(t)) for t in [line_id, *terms]]

    def store(self, values):
        """Put the columns of the lines into the cache and return the lines' ids."""
        lines = self.comodel.browse(next(values))
        for field in self.fields:
            field._insert_cache(lines, next(values))
        return lines._ids
