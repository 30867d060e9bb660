from odoo import api, fields, models
from odoo.tools import SQL, Query


class PaymentLinkReport(models.Model):
    """What came of links: sent, opened, payment started, paid.

    There is one row for each link, so that totals count a link once, however many ways
    it was sent. Its channel is the one by which it was paid; else by which somebody
    started to pay, opened it last, or was sent it first. A link that was replaced is
    left out unless it brought money: the one in its place stands for the request.

    Each step includes the later ones: what was paid was opened, and what was opened had
    been handed out, though no script and no dialog may have said so.
    """

    _name = "payment.link.report"
    _description = "Payment Links Analysis"
    _auto = False
    _rec_name = "link_id"
    _order = "date desc, id desc"

    # What the query reads, so that the ORM writes it to the database first.
    _depends = {
        "payment.link": [
            "amount",
            "amount_due",
            "amount_paid",
            "amount_refunded",
            "campaign_id",
            "charge_count",
            "company_id",
            "completed_at",
            "create_date",
            "currency_id",
            "max_payments",
            "medium_id",
            "partner_id",
            "payment_status",
            "replaced_by_id",
            "sale_order_id",
            "source_id",
            "state",
            "user_id",
        ],
        "payment.link.event": ["channel", "create_date", "link_id", "type"],
        "payment.transaction": [
            "operation",
            "payment_link_id",
            "provider_id",
            "state",
        ],
        "res.company": ["currency_id", "parent_path"],
        "res.currency.rate": ["company_id", "currency_id", "name", "rate"],
    }

    link_id = fields.Many2one("payment.link", string="Payment Link", readonly=True)
    date = fields.Datetime(string="Creation Date", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    sale_order_id = fields.Many2one("sale.order", string="Sales Order", readonly=True)
    provider_id = fields.Many2one("payment.provider", readonly=True)
    campaign_id = fields.Many2one("utm.campaign", readonly=True)
    medium_id = fields.Many2one("utm.medium", readonly=True)
    source_id = fields.Many2one("utm.source", readonly=True)
    channel = fields.Selection(
        selection=lambda self: (
            self.env["payment.link.event"]._fields["channel"].selection
        ),
        readonly=True,
    )
    state = fields.Selection(
        selection=lambda self: self.env["payment.link"]._fields["state"].selection,
        readonly=True,
    )
    payment_status = fields.Selection(
        selection=lambda self: (
            self.env["payment.link"]._fields["payment_status"].selection
        ),
        readonly=True,
    )

    # The funnel: 1 or 0 on each row, counts in groups.
    sent = fields.Integer(
        readonly=True, help="Links that were handed out, by whichever way."
    )
    opened = fields.Integer(readonly=True, help="Links that a person opened.")
    attempted = fields.Integer(
        string="Payment Started",
        readonly=True,
        help="Links that somebody tried to pay.",
    )
    paid = fields.Integer(
        readonly=True, help="Links with which money came, all of it or a part."
    )
    completed = fields.Integer(
        string="Paid in Full",
        readonly=True,
        help="Links with which all came that they asked for, refunded or not.",
    )

    # Shares of a group, not averages of its rows.
    opened_rate = fields.Float(
        string="Opened (%)",
        readonly=True,
        aggregator="avg",
        help="How many of the links that were handed out were opened.",
    )
    attempted_rate = fields.Float(
        string="Payment Started (%)",
        readonly=True,
        aggregator="avg",
        help="How many of the links that were handed out somebody tried to pay.",
    )
    paid_rate = fields.Float(
        string="Paid (%)",
        readonly=True,
        aggregator="avg",
        help="How many of the links that were handed out brought money.",
    )
    completion_rate = fields.Float(
        readonly=True,
        aggregator="avg",
        help="How many of the links that were opened are paid in full.",
    )
    hours_to_pay = fields.Float(
        string="Median Time to Pay (Hours)",
        readonly=True,
        aggregator="avg",
        help="From when a link was sent first, or else created, to its first payment:"
        " half of the links took longer.",
    )

    currency_id = fields.Many2one(
        "res.currency", string="Company Currency", readonly=True
    )
    amount_asked = fields.Monetary(
        string="Asked",
        readonly=True,
        help="In the company's currency, at the rate of the day the link was created.",
    )
    amount_net = fields.Monetary(
        string="Net Paid", readonly=True, help="What was paid, less what was refunded."
    )
    amount_refunded = fields.Monetary(string="Refunded", readonly=True)
    amount_open = fields.Monetary(
        string="Still Open",
        readonly=True,
        help="What links that can be paid still ask for.",
    )

    # Which step a rate counts, of which other one.
    _rates = {
        "opened_rate": ("opened", "sent"),
        "attempted_rate": ("attempted", "sent"),
        "paid_rate": ("paid", "sent"),
        "completion_rate": ("completed", "opened"),
    }

    # === ACTION METHODS === #

    @api.readonly
    def action_open_link(self):
        """Open the link that a row is about.

        :return: The window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "payment.link",
            "res_id": self.link_id.id,
            "views": [[False, "form"]],
        }

    # === GETTERS === #

    @property
    def _table_query(self):
        """The rows, for the ORM. Conditions on the link's own columns reach its table.

        What several figures need is read once per link, in a lateral subquery; what
        only some views show, in a subquery that PostgreSQL drops where it is not asked.
        """
        return SQL(
            """
            SELECT link.id,
                   link.id AS link_id,
                   link.create_date AS date,
                   link.company_id,
                   link.user_id,
                   link.partner_id,
                   link.sale_order_id,
                   link.campaign_id,
                   link.medium_id,
                   link.source_id,
                   link.state,
                   link.payment_status,
                   company.currency_id,
                   %(provider)s AS provider_id,
                   %(channel)s AS channel,
                   step.sent,
                   step.opened,
                   step.attempted,
                   step.paid,
                   step.completed,
                   NULL::float AS opened_rate,
                   NULL::float AS attempted_rate,
                   NULL::float AS paid_rate,
                   NULL::float AS completion_rate,
                   step.hours_to_pay,
                   step.rate * CASE WHEN link.replaced_by_id IS NULL
                       THEN link.amount * GREATEST(link.max_payments, 1)
                       ELSE link.amount_paid END AS amount_asked,
                   step.rate * (link.amount_paid - link.amount_refunded) AS amount_net,
                   step.rate * link.amount_refunded AS amount_refunded,
                   step.rate * CASE WHEN link.state = 'open'
                       THEN link.amount_due ELSE 0 END AS amount_open
              FROM payment_link link
              JOIN res_company company ON company.id = link.company_id
             CROSS JOIN LATERAL (%(steps)s) step
             WHERE link.replaced_by_id IS NULL OR link.amount_paid > 0
            """,
            provider=self._get_provider_sql(),
            channel=self._get_channel_sql(),
            steps=self._get_steps_sql(),
        )

    @api.model
    def _get_steps_sql(self):
        """Return how far a link has come, and what its currency was worth.

        :rtype: SQL
        """
        return SQL(
            """
            SELECT (link.charge_count > 0 OR link.amount_paid > 0
                    OR COUNT(*) FILTER (
                        WHERE event.type IN ('sent', 'opened')) > 0)::int AS sent,
                   (link.charge_count > 0 OR link.amount_paid > 0
                    OR COUNT(*) FILTER (WHERE event.type = 'opened') > 0
                   )::int AS opened,
                   (link.charge_count > 0 OR link.amount_paid > 0)::int AS attempted,
                   (link.amount_paid > 0)::int AS paid,
                   (link.amount_paid > 0 AND (
                       link.completed_at IS NOT NULL OR link.amount_paid
                       >= link.amount * GREATEST(link.max_payments, 1)
                   ))::int AS completed,
                   EXTRACT(EPOCH FROM
                       MIN(event.create_date) FILTER (WHERE event.type = 'paid')
                       - COALESCE(
                           MIN(event.create_date) FILTER (WHERE event.type = 'sent'),
                           link.create_date)
                   )::float / 3600 AS hours_to_pay,
                   CASE WHEN link.currency_id = company.currency_id THEN 1
                        ELSE %(company_rate)s / %(link_rate)s END AS rate
              FROM payment_link_event event
             WHERE event.link_id = link.id
            """,
            company_rate=self._get_rate_sql(SQL("company.currency_id")),
            link_rate=self._get_rate_sql(SQL("link.currency_id")),
        )

    @api.model
    def _get_rate_sql(self, currency):
        """Return a currency's rate on the day a link was created, as Odoo looks it up.

        :param SQL currency: The currency's id.
        :rtype: SQL
        """
        return SQL(
            """
            COALESCE((
                SELECT rate.rate
                  FROM res_currency_rate rate
                 WHERE rate.currency_id = %s
                   AND (rate.company_id IS NULL OR rate.company_id
                        = SPLIT_PART(company.parent_path, '/', 1)::int)
                 ORDER BY rate.name > link.create_date::date,
                          rate.company_id,
                          ABS(rate.name - link.create_date::date)
                 LIMIT 1), 1)
            """,
            currency,
        )

    @api.model
    def _get_channel_sql(self):
        """Return by which channel a link came furthest.

        :rtype: SQL
        """
        return SQL(
            """(
            SELECT event.channel
              FROM payment_link_event event
             WHERE event.link_id = link.id
               AND event.channel IS NOT NULL
               AND event.type IN ('paid', 'attempted', 'opened', 'sent')
             ORDER BY ARRAY_POSITION(
                          ARRAY['paid', 'attempted', 'opened', 'sent'],
                          event.type::text),
                      CASE event.type WHEN 'sent' THEN event.id ELSE -event.id END
             LIMIT 1)"""
        )

    @api.model
    def _get_provider_sql(self):
        """Return through which provider money came, or was tried last.

        :rtype: SQL
        """
        return SQL(
            """(
            SELECT charge.provider_id
              FROM payment_transaction charge
             WHERE charge.payment_link_id = link.id
               AND COALESCE(charge.operation, '') != 'refund'
             ORDER BY charge.state IN ('done', 'authorized', 'pending') DESC,
                      charge.id DESC
             LIMIT 1)"""
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Override of `base`: shares of a group, and its median, are no averages."""
        field_name, _colon, aggregator = aggregate_spec.partition(":")
        if aggregator == "avg" and field_name in self._rates:
            part, whole = (
                self._field_to_sql(self._table, name, query)
                for name in self._rates[field_name]
            )
            return SQL("SUM(%s)::float / NULLIF(SUM(%s), 0)", part, whole)
        if aggregate_spec == "hours_to_pay:avg":
            return SQL(
                "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %s)",
                self._field_to_sql(self._table, field_name, query),
            )
        return super()._read_group_select(aggregate_spec, query)
