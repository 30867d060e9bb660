import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** Hands a payment link on: by WhatsApp, or by what the phone itself offers. */
export class PaymentLinkShare extends Component {
    static template = "payment_link_onetime.PaymentLinkShare";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
    }

    get data() {
        return this.props.record.data;
    }

    get canShare() {
        return Boolean(navigator.share);
    }

    get linkId() {
        const {resModel, resId} = this.props.record;
        return resModel === "payment.link" ? resId : this.data.link_id.id;
    }

    async onShare() {
        try {
            // The text holds the address. Given apart as well, some apps send it twice.
            await navigator.share({text: this.data.share_text});
        } catch (error) {
            if (error.name !== "AbortError") {
                this.notification.add(_t("This device could not share the link."), {
                    type: "warning",
                });
            }
            return;
        }
        await this.writeDown();
    }

    /** It opens WhatsApp as any link: no window that a browser would block. */
    async onWhatsApp() {
        await this.writeDown();
    }

    async writeDown() {
        await this.orm.call("payment.link", "action_share", [[this.linkId]]);
    }
}

registry.category("view_widgets").add("payment_link_share", {
    component: PaymentLinkShare,
    fieldDependencies: [
        {name: "share_text", type: "text", readonly: true},
        {name: "whatsapp_url", type: "char", readonly: true},
    ],
});
