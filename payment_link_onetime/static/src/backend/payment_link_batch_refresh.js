import {Component, onMounted, onWillUnmount} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const SECONDS = 2;

/** Reads the form's record again and again, for as long as a job works on it. */
class PaymentLinkBatchRefresh extends Component {
    static template = "payment_link_onetime.BatchRefresh";
    static props = {...standardWidgetProps};

    setup() {
        let timer = null;
        const schedule = () => {
            timer = setTimeout(refresh, SECONDS * 1000);
        };
        const refresh = async () => {
            const {record} = this.props;
            try {
                if (["waiting", "running"].includes(record.data.state)) {
                    await record.load();
                }
            } finally {
                // Somebody may have left the form meanwhile, or lost the connection.
                if (timer) {
                    schedule();
                }
            }
        };
        onMounted(schedule);
        onWillUnmount(() => {
            clearTimeout(timer);
            timer = null;
        });
    }
}

registry.category("view_widgets").add("payment_link_batch_refresh", {
    component: PaymentLinkBatchRefresh,
    fieldDependencies: [{name: "state", type: "selection"}],
});
