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
        its turn for a many2one, a tree of columns for a one2many, and `None` for a
        many2many, for all other fields, and for relations of which only the ids matter.
    :param int limit: How many records to read at most.
    :return: The records, in the model's order.
    """
    return TreeQuery(model, domain, tree, limit).fetch(model)


class TreeQuery:
    """A query made by the rules of :func:`fetch_tree`, and what to do with its answer.

    Making one costs more than running it, so it may be kept for as long as the registry
    lives, for each language that it is used in. It knows no environment.
    """

    def __init__(self, model, domain, tree, limit=None):
        assert model.env.su, "access rights are not applied"
        order = None if limit == 1 else model._order
        query = model._search(domain, limit=limit, order=order)
        self._root = _Branch(model, model._table, query, tree)
        self._sql = query.select(*self._root.terms)

    def fetch(self, model, values=None):
        """Run the query, and put what it reads into the cache.

        :param model: A recordset of the query's model, in sudo.
        :param dict values: What to look for instead of the texts in the query's domain,
            or instead of the tuples in it.
        :return: The records.
        """
        assert model.env.su, "access rights are not applied"
        sql = self._sql
        if values:
            params = (_replace(param, values) for param in sql.params)
            sql = SQL(sql.code, *params, to_flush=sql.to_flush)
        if self._root.has_joins:
            # Each record has at most one of what is joined, so their order does not
            # matter: PostgreSQL would look for the best one for longer than it reads.
            sql = SQL("SET LOCAL join_collapse_limit = 1; %s", sql)
        rows = model.env.execute_query(sql)
        if self._root.has_joins:
            model.env.cr.execute("SET LOCAL join_collapse_limit TO DEFAULT")
        for row in rows:
            self._root.store(model.env, iter(row))
        return model.browse(row[0] for row in rows)


def _replace(param, values):
    """Return a parameter of a query, or the value that takes its place."""
    if isinstance(param, tuple):  # The ORM makes an IN of what was a =.
        if param in values:
            return values[param]
        return tuple(_replace(part, values) for part in param)
    return values.get(param, param) if isinstance(param, str) else param


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
        self.model_name = model._name
        self.terms = [SQL.identifier(alias, "id")]
        self.parts = []
        self.has_joins = False
        for name, subtree in tree.items():
            field = model._fields[name]
            part = None
            if field.type == "many2many":
                part = _Ids(field, alias)
            elif field.type == "one2many":
                part = _Lines(field, model, alias, subtree or {})
            self.terms += part.terms if part else [_column(model, alias, name, query)]
            self.parts.append((field, part))
            if field.type == "many2one" and subtree:
                comodel = model.env[field.comodel_name]
                joined = query.left_join(alias, name, comodel._table, "id", name)
                part = _Branch(comodel, joined, query, subtree)
                self.terms += part.terms
                self.parts.append((None, part))
                self.has_joins = True

    def store(self, env, values):
        """Put one row of the answer into the cache, without overwriting.

        :param Environment env: Whose cache.
        :param iterator values: What is left of the row, from this record's id on.
        """
        record = env[self.model_name].browse(next(values) or ())
        for field, part in self.parts:
            if field is None:
                part.store(env, values)
                continue
            value = part.store(env, values) if part else next(values)
            field._insert_cache(record, [value] * len(record))


class _Ids:
    """The ids of a many2many's records, in no order that means something.

    The relation knows them. To plan the query takes longer than to run it, and every
    other table would add to that.
    """

    def __init__(self, field, owner):
        column1, column2 = map(SQL.identifier, (field.column1, field.column2))
        relation, owner_id = SQL.identifier(field.relation), SQL.identifier(owner, "id")
        self.terms = [
            SQL(
                "ARRAY(SELECT %s FROM %s WHERE %s = %s ORDER BY 1)",
                *(column2, relation, column1, owner_id),
            )
        ]

    def store(self, env, values):
        """Return the ids."""
        return tuple(next(values))


class _Lines:
    """The records of a one2many, as arrays in the row of their owner."""

    def __init__(self, field, model, owner, columns):
        comodel = model.env[field.comodel_name]
        alias = Query.make_alias(owner, field.name)
        query = Query(comodel.env, alias, SQL.identifier(comodel._table))
        query.order = comodel._order_to_sql(comodel._order, query, alias=alias)
        inverse = comodel._field_to_sql(alias, field.inverse_name, query)
        query.add_where(SQL("%s = %s", inverse, SQL.identifier(owner, "id")))
        self.model_name = comodel._name
        self.fields = [comodel._fields[name] for name in columns]
        terms = [_column(comodel, alias, name, query) for name in columns]
        line_id = SQL.identifier(alias, "id")
        self.terms = [SQL("ARRAY(%s)", query.select(t)) for t in [line_id, *terms]]

    def store(self, env, values):
        """Put the columns of the lines into the cache and return the lines' ids."""
        lines = env[self.model_name].browse(next(values))
        for field in self.fields:
            field._insert_cache(lines, next(values))
        return lines._ids
