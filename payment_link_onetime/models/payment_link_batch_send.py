import logging

import psycopg2

from odoo import models
from odoo.exceptions import UserError

from .payment_link_batch_job import CONFLICTS

_logger = logging.getLogger(__name__)


class _Outcome:
    """What became of a line, as far as it is known.

    :param payment.link links: An empty recordset.
    """

    def __init__(self, links):
        self.sent_links = links
        self.known_links = links
        self.reasons = []
        self.notes = []

    def skip(self, reason, note=None):
        """Remember why something was not sent."""
        self.reasons.append(reason)
        self.notes += [note] if note else []


class PaymentLinkBatchLine(models.Model):
    """How lines are sent: their links are made or found, and go out."""

    _inherit = "payment.link.batch.line"

    # === BUSINESS METHODS === #

    def _send(self):
        """Send the lines; where one fails, the others are sent all the same."""
        error = self._try_to_send()  # All together is much faster than one by one.
        if not error:
            return
        parts = self._split()
        for lines in parts:
            error = lines._try_to_send() if len(parts) > 1 else error
            if isinstance(error, UserError):
                lines._set_outcome("failed", "refused", str(error))
            elif error:
                _logger.error("A payment link was not sent", exc_info=error)
                lines._set_outcome("failed", "error")

    def _try_to_send(self):
        """Send the lines, or do nothing.

        :return: What went wrong, if anything.
        :rtype: Exception|None
        """
        try:
            with self.env.cr.savepoint():
                self._send_together()
        except (*CONFLICTS, psycopg2.OperationalError):
            raise  # The whole transaction starts over.
        except Exception as error:
            return error
        return None

    def _split(self):
        """Return the lines in parts that can be sent without one another.

        :rtype: list[payment.link.batch.line]
        """
        if self.batch_id.link_per == "customer":
            return list(self.grouped("partner_id").values())
        return list(self)

    def _send_together(self):
        """Make or find the links of the lines, and send them.

        :raises Exception: if a link cannot be made or sent.
        """
        batch = self.batch_id
        outcomes = {line: _Outcome(self.env["payment.link"]) for line in self}
        documents = self._find_documents(outcomes)
        requests = self._find_open_links(documents, outcomes)
        requests += self._create_links(documents, outcomes)
        for channel in batch.channels:
            links = self.env["payment.link"].union(
                *(link for link, _lines, channels in requests if channel in channels)
            )
            if links:
                links._send_all_by_channel(channel, message=batch.message)
        for link, lines, _channels in requests:
            for line in lines:
                outcomes[line].sent_links |= link
        self._store_outcomes(outcomes)

    def _find_documents(self, outcomes):
        """Return the documents that the lines ask money for, and lock them.

        :param dict outcomes: By line, what is known about it. Why there is nothing to
            ask for is added.
        :return: The lines by document.
        :rtype: dict
        """
        model = self.env[self.batch_id.res_model]
        records = model.browse(self.mapped("res_id")).exists()
        records.check_access("read")
        found = {}
        for line in self:
            record = records.browse(line.res_id)
            if record not in records:
                outcomes[line].skip("deleted")
                continue
            # All records of the lines are read together.
            record = record.with_prefetch(records._prefetch_ids)
            documents = record._payment_link_get_payables()
            if not documents:
                outcomes[line].skip("nothing_due")
            for document in documents:
                # Of a contact and its company, the first one is asked.
                found.setdefault(document, line)
        if found:
            documents = self._concat(found)
            # Who sends the same at this moment starts over, and finds what was sent.
            documents._payment_link_lock()
            documents._payment_link_read_together()
        for document, line in list(found.items()):
            if reason := document._payment_link_get_skip_reason():
                outcomes[line].skip(reason)
                del found[document]
        return found

    def _find_open_links(self, lines_by_document, outcomes):
        """Return the open links of the documents that were never sent.

        :param dict lines_by_document: The documents. Those that have nothing beside
            their open links to ask for are taken away.
        :param dict outcomes: By line, what is known about it.
        :return: Links, the lines that they are for, and the channels to send them by.
        :rtype: list[tuple]
        """
        if not lines_by_document:
            return []
        documents = self._concat(lines_by_document)
        # Links that the user may not see ask for the documents' money as well.
        if not documents.sudo()._payment_link_get_open_links():
            return []
        lines_by_link = {}
        for document, line in list(lines_by_document.items()):
            links = document._payment_link_get_open_links()
            for link in links:
                lines_by_link.setdefault(link, set()).add(line)
            available = document._payment_link_get_available_amount()
            if document.currency_id.is_zero(available):
                outcomes[line].known_links |= links
                outcomes[line].skip("already_sent")
                del lines_by_document[document]
        sent_links = self.env["payment.link"].browse(
            link.id
            for (link,) in self.env["payment.link.event"]._read_group(
                [
                    ("link_id", "in", [link.id for link in lines_by_link]),
                    ("type", "=", "sent"),
                ],
                ["link_id"],
            )
        )
        requests = []
        for link, lines in lines_by_link.items():
            if link not in sent_links:
                channels = self._find_channels(link, lines, outcomes)
                requests.append((link, lines, channels))
        return [request for request in requests if request[2]]

    def _create_links(self, lines_by_document, outcomes):
        """Make the links that the documents have not got yet.

        :param dict lines_by_document: The documents.
        :param dict outcomes: By line, what is known about it.
        :return: Links, the lines that they are for, and the channels to send them by.
        :rtype: list[tuple]
        """
        links = self.env["payment.link"]
        requests, vals_list = [], []
        for documents, lines in self._group(lines_by_document):
            values = {
                **documents._payment_link_get_link_values(),
                "expires_at": self.batch_id.expires_at,
            }
            customer = documents._payment_link_get_customer()
            if self.batch_id.res_model == "res.partner":
                customer = customer.browse(next(iter(lines)).res_id)
                values["partner_id"] = customer.id
            # Whom it would go to is known before there is a link that nobody gets.
            link = links.new(
                {
                    "company_id": documents.company_id[:1].id,
                    "partner_id": customer.id,
                }
            )
            if channels := self._find_channels(link, lines, outcomes):
                requests.append((lines, channels))
                vals_list.append(values)
        return [
            (link, *request)
            for link, request in zip(links.create(vals_list), requests, strict=True)
        ]

    def _find_channels(self, link, lines, outcomes):
        """Return by which of the batch's channels a link can be sent.

        :param payment.link link: The link, perhaps not made yet.
        :param lines: The lines that it is for.
        :param dict outcomes: By line, what is known about it. Why a channel cannot be
            used is added.
        :rtype: list[str]
        """
        channels, notes = [], []
        for channel in self.batch_id.channels:
            try:
                link._check_recipient(channel)
            except UserError as error:
                notes.append(str(error))
            else:
                channels.append(channel)
        for line in lines if notes else ():
            outcomes[line].skip("unreachable", " ".join(notes))
        return channels

    def _group(self, lines_by_document):
        """Return which documents share a link.

        :param dict lines_by_document: The documents.
        :return: Documents, and the lines that they are from.
        :rtype: list[tuple]
        """
        batch = self.batch_id
        if not lines_by_document:
            return []
        if batch.res_model != "res.partner" and batch.link_per == "document":
            return [(document, {line}) for document, line in lines_by_document.items()]
        groups = {}
        for document, line in lines_by_document.items():
            owner = line if batch.res_model == "res.partner" else None
            key = (owner, document._payment_link_get_group_key())
            groups.setdefault(key, {})[document] = line
        return [(self._concat(group), set(group.values())) for group in groups.values()]

    def _store_outcomes(self, outcomes):
        """Write down what became of the lines.

        :param dict outcomes: By line, what is known about it.
        """
        self._store_links(
            [
                (line.id, link.id)
                for line, outcome in outcomes.items()
                for link in outcome.sent_links or outcome.known_links
            ]
        )
        by_values = {}
        for line, outcome in outcomes.items():
            state = "sent" if outcome.sent_links else "skipped"
            # A contact whose company was asked in the same moment has no reason.
            reason = next(iter(outcome.reasons), "already_sent")
            reason = reason if state == "skipped" else False
            note = " ".join(dict.fromkeys(outcome.notes))
            lines = by_values.setdefault((state, reason, note), [])
            lines.append(line.id)
        for values, ids in by_values.items():
            self.browse(ids)._set_outcome(*values)

    def _store_links(self, pairs):
        """Write down which links were sent, or found, for which line.

        In one query: the ORM takes two for each line.

        :param list pairs: The ids of a line and a link each.
        """
        if pairs:
            self.env.cr.execute_values(
                "INSERT INTO payment_link_batch_line_rel (line_id, link_id) VALUES %s"
                " ON CONFLICT DO NOTHING",
                pairs,
            )
            self.invalidate_recordset(["link_ids"])

    def _set_outcome(self, state, reason=False, note=False):
        """Write down what became of the lines.

        :param str state: The new state of all of them.
        :param str reason: Why nothing was sent.
        :param str note: What there is to say about it.
        """
        # In sudo mode because nobody but the job may write lines.
        self.sudo().write({"state": state, "reason": reason, "note": note or False})

    @staticmethod
    def _concat(documents):
        """Return records, read together from now on.

        :param documents: Some records of one model, in any iterable that is not empty.
        """
        first, *others = documents
        return first.concat(*others)
