// What a dashboard in configs/grafana/dashboards must be, from the types that Grafana itself is built with.
// They leave the options of a panel and its queries open; here each type of panel has the options of its plugin,
// and a query is one of Prometheus.
import type * as grafana from "@grafana/schema";
import type * as bargauge from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen";
import type * as heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as stateTimeline from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type * as table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as timeseries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type {
  AnnotationQuery,
  AnnotationTarget,
  Dashboard,
  FieldConfig,
  FieldConfigSource,
  Panel,
  RowPanel,
  VariableModel,
} from "@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen";

// In JSON the members of an enum are their values.
type Json<T> = T extends string
  ? `${T}`
  : T extends number | boolean | null | undefined
    ? T
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

// As the data source of Prometheus reads them, and as its editor writes them; its own package is not needed for so little.
interface Query {
  datasource: grafana.DataSourceRef;
  disableTextWrap?: boolean;
  editorMode: "code" | "builder";
  exemplar?: boolean;
  expr: string;
  format?: "time_series" | "table" | "heatmap";
  fullMetaSearch?: boolean;
  hide?: boolean;
  includeNullMetadata?: boolean;
  instant?: boolean;
  interval?: string;
  legendFormat?: string;
  range: boolean;
  refId: string;
  useBackend?: boolean;
}

interface PanelOf<Type extends string, Options, Custom> extends Omit<Json<Panel>, "type" | "options" | "fieldConfig" | "targets"> {
  type: Type;
  options: Json<Options>;
  fieldConfig: Omit<Json<FieldConfigSource>, "defaults"> & {
    defaults: Omit<Json<FieldConfig>, "custom"> & { custom?: Json<Custom> };
  };
  targets: Query[];
}

type ShippedPanel =
  | PanelOf<"bargauge", bargauge.Options, never>
  | PanelOf<"heatmap", heatmap.Options, heatmap.FieldConfig>
  | PanelOf<"stat", stat.Options, never>
  | PanelOf<"state-timeline", stateTimeline.Options, stateTimeline.FieldConfig>
  | PanelOf<"table", table.Options, table.FieldConfig>
  | PanelOf<"timeseries", timeseries.Options, timeseries.FieldConfig>
  | Json<RowPanel>;

// What Grafana writes although its types do not have it.
type ShippedVariable = Json<VariableModel> & { definition?: string };

type ShippedAnnotation = Omit<Json<AnnotationQuery>, "target"> & {
  tagKeys?: string;
  target?: Query | Json<AnnotationTarget>;
  textFormat?: string;
  titleFormat?: string;
};

export type Shipped = Omit<Json<Dashboard>, "annotations" | "panels" | "templating"> & {
  annotations: { list: ShippedAnnotation[] };
  panels: ShippedPanel[];
  templating: { list: ShippedVariable[] };
};
