from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_datetime


class PaymentLinkBatch(models.Model):
    """Many links that are sent in one go: what for, how, and how far it has come.

    What the job does with it is in `payment_link_batch_job`, and what becomes of each
    record in `payment.link.batch.line`.
    """

    _name = "payment.link.batch"
    _description = "Bulk Sending of Payment Links"
    _order = "id desc"

    user_id = fields.Many2one(
        "res.users",
        string="Sent by",
        required=True,
        readonly=True,
        index=True,
        help="The links are made and sent with this user's rights.",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    company_ids = fields.Many2many(
        "res.company",
        string="Companies",
        readonly=True,
        help="All the companies that the user worked in.",
    )
    res_model = fields.Selection(
        selection="_get_document_models",
        string="Links for",
        required=True,
        readonly=True,
    )
    link_per = fields.Selection(
        [("document", "A link each"), ("customer", "One link per customer")],
        default="document",
        required=True,
        readonly=True,
    )
    channels = fields.Json(readonly=True)
    channels_text = fields.Char(string="Sent by Way of", compute="_compute_channels")
    expires_at = fields.Datetime(string="Expiry", readonly=True)
    message = fields.Text(readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Sending"),
            ("done", "Done"),
            ("stopped", "Stopped"),
        ],
        default="waiting",
        required=True,
        readonly=True,
    )
    finished_at = fields.Datetime(string="Finished on", readonly=True)

    line_ids = fields.One2many(
        "payment.link.batch.line", "batch_id", string="Records", readonly=True
    )
    unsent_line_ids = fields.One2many(
        "payment.link.batch.line",
        "batch_id",
        string="Not Sent",
        domain=[("state", "in", ("skipped", "failed"))],
        readonly=True,
    )
    line_count = fields.Integer(string="Selected", compute="_compute_counts")
    waiting_count = fields.Integer(string="Waiting", compute="_compute_counts")
    sent_count = fields.Integer(string="Sent", compute="_compute_counts")
    skipped_count = fields.Integer(string="Skipped", compute="_compute_counts")
    failed_count = fields.Integer(string="Failed", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts", help="In percent.")
    summary = fields.Html(string="Why", compute="_compute_summary")

    _unfinished = models.Index("(id) WHERE state IN ('waiting', 'running')")

    # === CONSTRAINT METHODS === #

    @api.constrains("channels")
    def _check_channels(self):
        known = self.env["payment.link"]._get_send_channels()
        for batch in self:
            if not batch.channels or not set(batch.channels) <= set(known):
                raise ValidationError(
                    self.env._(
                        "Payment links can be sent by these channels: %(channels)s.",
                        channels=", ".join(known),
                    )
                )

    # === COMPUTE METHODS === #

    @api.depends("create_date", "res_model")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        models_by_name = dict(self._get_document_models())
        for batch in self:
            created = batch.create_date or fields.Datetime.now()
            batch.display_name = self.env._(
                "%(what)s, %(date)s",
                what=models_by_name.get(batch.res_model, ""),
                date=format_datetime(self.env, created, dt_format="short"),
            )

    @api.depends("channels")
    def _compute_channels(self):
        labels = self.env["payment.link"]._get_send_channels()
        for batch in self:
            batch.channels_text = ", ".join(
                labels.get(channel, channel) for channel in batch.channels or ()
            )

    @api.depends("line_ids.state")
    def _compute_counts(self):
        # Also of lines that the reader may not see: what is left to do is no secret.
        lines_sudo = self.env["payment.link.batch.line"].sudo()
        counts = {
            (batch.id, state): count
            for batch, state, count in lines_sudo._read_group(
                [("batch_id", "in", self.ids)], ["batch_id", "state"], ["__count"]
            )
        }
        for batch in self:
            number = {
                state: counts.get((batch.id, state), 0)
                for state, _label in lines_sudo._fields["state"].selection
            }
            batch.line_count = sum(number.values())
            batch.waiting_count = number["waiting"]
            batch.sent_count = number["sent"]
            batch.skipped_count = number["skipped"]
            batch.failed_count = number["failed"]
            worked = batch.line_count - batch.waiting_count
            batch.progress = 100.0 * worked / (batch.line_count or 1)

    @api.depends("line_ids.reason")
    def _compute_summary(self):
        lines_sudo = self.env["payment.link.batch.line"].sudo()  # As the counts.
        labels = dict(lines_sudo._fields["reason"]._description_selection(self.env))
        rows = lines_sudo._read_group(
            [("batch_id", "in", self.ids), ("state", "in", ("skipped", "failed"))],
            ["batch_id", "reason"],
            ["__count"],
            order="__count DESC",
        )
        for batch in self:
            items = [
                Markup("<li>%s × %s</li>") % (count, labels[reason])
                for owner, reason, count in rows
                if owner == batch and reason
            ]
            batch.summary = items and Markup("<ul class='mb-0'>%s</ul>") % Markup(
                ""
            ).join(items)

    # === ACTION METHODS === #

    def action_stop(self):
        """Send no more of the batches. What was sent stays sent.

        Stopping a batch that is done or stopped changes nothing.
        """
        self.check_access("read")  # Who may see a batch may stop it.
        unfinished = self.filtered(lambda batch: batch.state in ("waiting", "running"))
        # In sudo mode because nobody may write batches, their job does.
        unfinished.sudo().write(
            {"state": "stopped", "finished_at": fields.Datetime.now()}
        )

    def action_continue(self):
        """Send what was not sent: what waits, and what was skipped or failed.

        :raises UserError: if there is nothing of that kind.
        """
        self.check_access("read")
        for batch in self:
            if batch.state in ("waiting", "running"):
                continue
            batch_sudo = batch.sudo()  # As to stop it.
            unsent_sudo = batch_sudo.line_ids.filtered(
                lambda line: line.state != "sent"
            )
            if not unsent_sudo:
                raise UserError(
                    self.env._("All of these payment links were sent already.")
                )
            unsent_sudo.write({"state": "waiting", "reason": False, "note": False})
            batch_sudo.write({"state": "waiting", "finished_at": False})
        self._trigger()

    def action_view_lines(self):
        """Open the batch's records, those of one state if the context names it.

        :return: The window action.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "payment_link_onetime.action_payment_link_batch_line"
        )
        action["domain"] = [("batch_id", "=", self.id)]
        state = self.env.context.get("payment_link_batch_state")
        action["context"] = {f"search_default_{state}": 1} if state else {}
        if state in ("skipped", "failed"):
            action["context"]["search_default_group_by_reason"] = 1
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _queue(self, records, **values):
        """Queue the sending of links for records, in the name of the current user.

        :param records: Documents, or contacts with invoices.
        :param values: Values of the batch: `channels`, and perhaps `link_per`,
            `expires_at` (UTC) and `message`.
        :return: The batch.
        :rtype: payment.link.batch
        :raises AccessError: for records that the user may not read.
        :raises ValidationError: for channels that there are not.
        """
        records.check_access("read")
        # In sudo mode because nobody may create batches: who writes one as somebody
        # else would act with that user's rights.
        batch_sudo = self.sudo().create(
            {
                **values,
                "user_id": self.env.uid,
                "company_id": self.env.company.id,
                "company_ids": [Command.set(self.env.companies.ids)],
                "res_model": records._name,
            }
        )
        batch_sudo._add_lines(records)
        self._trigger()
        return batch_sudo.with_env(self.env)

    def _add_lines(self, records):
        """Add a line for each record, in one query, however many there are.

        :param records: Records of the batch's model.
        """
        self.ensure_one()
        lines = self.env["payment.link.batch.line"]
        lines.flush_model()
        records.env[records._name].flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO %(lines)s (batch_id, res_id, name, company_id, partner_id,
                                       state, create_uid, create_date,
                                       write_uid, write_date)
                SELECT %(batch)s, record.id, %(name)s, record.company_id, %(partner)s,
                       'waiting', %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM UNNEST(%(ids)s) WITH ORDINALITY AS chosen(id, place)
                  JOIN %(table)s record ON record.id = chosen.id
              ORDER BY chosen.place
                """,
                lines=SQL.identifier(lines._table),
                batch=self.id,
                name=SQL.identifier("record", records._payment_link_batch_columns[0]),
                partner=SQL.identifier(
                    "record", records._payment_link_batch_columns[1]
                ),
                uid=self.env.uid,
                now=self.env.cr.now(),
                ids=list(dict.fromkeys(records._ids)),
                table=SQL.identifier(records._table),
            )
        )
        self.invalidate_recordset(["line_ids", "unsent_line_ids"])

    def _trigger(self):
        """Let the job send what waits, as soon as the transaction is committed."""
        cron = self.env.ref("payment_link_onetime.cron_send_batches")
        cron.sudo()._trigger()  # Users have no business with jobs.

    # === GETTERS === #

    @api.model
    def _get_document_models(self):
        """Return the models for whose records links can be sent in bulk.

        Override to add one: it implements `payment.link.document.mixin`.

        :return: Technical names, and what a user calls several of the records.
        :rtype: list[tuple[str, str]]
        """
        return [
            ("sale.order", self.env._("Quotations and orders")),
            ("account.move", self.env._("Invoices")),
            ("res.partner", self.env._("Contacts")),
        ]
