import {Component, onWillStart, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {KeepLast} from "@web/core/utils/concurrency";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {
    formatInteger,
    formatMonetary,
    formatPercentage,
} from "@web/views/fields/formatters";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";

export class PaymentLinkDashboard extends Component {
    static template = "payment_link_onetime.Dashboard";
    static components = {Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        this.periods = [
            {value: "7", label: _t("Last 7 days")},
            {value: "30", label: _t("Last 30 days")},
            {value: "90", label: _t("Last 90 days")},
            {value: "year", label: _t("This year")},
        ];
        // Who comes back to the dashboard finds it as it was.
        this.state = useState({
            period: "30",
            userId: false,
            companyId: false,
            data: null,
            ...this.props.state?.scope,
        });
        useSetupAction({getLocalState: () => ({scope: this.scope})});
        onWillStart(() => this.load());
    }

    get scope() {
        const {period, userId, companyId} = this.state;
        return {period, userId, companyId};
    }

    async load() {
        const {period, userId, companyId} = this.state;
        this.state.data = await this.keepLast.add(
            this.orm.call("payment.link.report", "get_dashboard", [], {
                period,
                user_id: userId,
                company_id: companyId,
            })
        );
    }

    choosePeriod(ev) {
        this.state.period = ev.target.value;
        this.load();
    }

    chooseUser(ev) {
        this.state.userId = Number(ev.target.value) || false;
        this.load();
    }

    chooseCompany(ev) {
        this.state.companyId = Number(ev.target.value) || false;
        this.state.userId = false;
        this.load();
    }

    get isEmpty() {
        return !this.state.data.salespeople.length;
    }

    /** The funnel: how many links came to each step, of those that were handed out. */
    get steps() {
        const {sent, opened, attempted, paid} = this.state.data.totals;
        return [
            {name: "sent", label: _t("Sent"), count: sent},
            {name: "opened", label: _t("Opened"), count: opened},
            {name: "attempted", label: _t("Payment started"), count: attempted},
            {name: "paid", label: _t("Paid"), count: paid},
        ].map((step) => ({
            ...step,
            share: sent ? step.count / sent : 0,
            domain: [[step.name, "=", 1]],
        }));
    }

    get tiles() {
        const {totals} = this.state.data;
        return [
            {
                name: "amount_net",
                label: _t("Net paid"),
                value: this.formatAmount(totals.amount_net),
                help: _t("What was paid, less what was refunded"),
                domain: [["paid", "=", 1]],
            },
            {
                name: "amount_open",
                label: _t("Still open"),
                value: this.formatAmount(totals.amount_open),
                help: _t("What links that can be paid still ask for"),
                domain: [["amount_open", ">", 0]],
            },
            {
                name: "completion_rate",
                label: _t("Completion rate"),
                value: totals.opened ? this.formatShare(totals.completion_rate) : "–",
                help: _t("Of the links that were opened, those paid in full"),
                domain: [["completed", "=", 1]],
            },
            {
                name: "time_to_pay",
                label: _t("Median time to pay"),
                value: totals.time_to_pay || "–",
                help: _t("From the first sending to the first payment"),
                domain: [["paid", "=", 1]],
            },
        ];
    }

    get tables() {
        const {channels, salespeople} = this.state.data;
        return [
            {
                name: "channels",
                title: _t("By channel"),
                column: _t("Channel"),
                none: _t("Not sent"),
                rows: channels,
            },
            {
                name: "salespeople",
                title: _t("By salesperson"),
                column: _t("Salesperson"),
                none: _t("Nobody"),
                rows: salespeople,
            },
        ];
    }

    get attention() {
        return this.state.data.attention.filter((item) => item.count);
    }

    formatAmount(amount) {
        return formatMonetary(amount, {currencyId: this.state.data.currency_id});
    }

    formatCount(count) {
        return formatInteger(count);
    }

    formatShare(share) {
        return formatPercentage(share, {digits: [false, 0]});
    }

    /**
     * Open the links behind a figure.
     *
     * @param {String} name - What the figure says.
     * @param {Array} domain - Which links it counts.
     * @param {String} model - The report, or the links themselves.
     */
    openLinks(name, domain, model = "payment.link.report") {
        const others = model === "payment.link" ? ["form"] : ["pivot", "graph"];
        this.action.doAction({
            type: "ir.actions.act_window",
            name,
            res_model: model,
            views: ["list", "kanban", ...others].map((type) => [false, type]),
            mobile_view_mode: "kanban",
            domain,
        });
    }

    openStep({label, domain}) {
        this.openLinks(label, [...this.state.data.domain, ...domain]);
    }

    openRow({label, domain}, table) {
        this.openLinks(label || table.none, domain);
    }

    openAttention({label, domain, model}) {
        this.openLinks(label, domain, model);
    }

    openAllLinks() {
        this.action.doAction("payment_link_onetime.action_payment_link");
    }

    createLink() {
        this.action.doAction("payment_link_onetime.action_payment_link_send", {
            onClose: () => this.load(),
        });
    }
}

registry.category("actions").add("payment_link_dashboard", PaymentLinkDashboard);
