"""Every table of the warehouse with its schema and its sort order. A table that is not listed here does not exist."""

from dataclasses import dataclass

import dataframely as dy

from pipelines.schema.alerts import Alert, AlertDelivery, AlertEvent, AlertMessage, AlertNotice, Silence
from pipelines.schema.claims import ClaimCheck
from pipelines.schema.contract import ContractCharge, ContractTerm
from pipelines.schema.costs import (
    CostDaily,
    CostFingerprint,
    CostUnpriced,
    PriceChange,
    PriceConflict,
    SourceHealth,
    UsageCost,
)
from pipelines.schema.decisions import BreakEven, BreakEvenCurve, DeprecationRisk, NoticeStatistics, SpendForecast
from pipelines.schema.exchange_rates import ExchangeRate
from pipelines.schema.gpu_rates import GpuRate, GpuRateConflict, GpuRateCurrent, GpuRateHistory, GpuRateSpread
from pipelines.schema.hidden_costs import HiddenCost
from pipelines.schema.holds import Acceptance, PriceHold
from pipelines.schema.lifecycles import LifecycleChange, LifecycleConflict, ModelLifecycle
from pipelines.schema.model_aliases import ModelAlias
from pipelines.schema.owner_costs import ConversationCost, CostByOwner
from pipelines.schema.plans import PlanFee, PlanValue
from pipelines.schema.raw import Fetch, Parse, SchemaVersion, Source, SourceReject
from pipelines.schema.reported_costs import CostComparison, CostReconciliation, ReportedCost
from pipelines.schema.savings import LoggedSaving
from pipelines.schema.spend import BudgetStatus, ForecastAccuracy, SpendAnomaly, SpendChange
from pipelines.schema.token_prices import TokenPrice
from pipelines.schema.usage import (
    LedgerFile,
    UsageFile,
    UsageImport,
    UsageReject,
    UsageRestatement,
    UsageUnknownCount,
)
from pipelines.schema.usage_overlap import UsageOverlap
from pipelines.schema.what_if import WhatIf


@dataclass(frozen=True)
class Table:
    """One table: where it is, its declaration, and the date column that partitions it, if any."""

    schema: str
    name: str
    declaration: type[dy.Schema]
    date_column: str | None = None

    @property
    def qualified(self) -> str:
        """Name for SQL: core.token_price."""
        return f"{self.schema}.{self.name}"

    @property
    def meaning(self) -> str:
        """First line of the declaration's docstring."""
        return (self.declaration.__doc__ or "").strip().splitlines()[0]


TABLES = (
    Table("raw", "schema_version", SchemaVersion),
    Table("raw", "source", Source),
    Table("raw", "fetch", Fetch),
    Table("raw", "parse", Parse),
    Table("raw", "source_reject", SourceReject),
    Table("raw", "acceptance", Acceptance),
    Table("raw", "silence", Silence),
    Table("core", "token_price", TokenPrice),
    Table("core", "gpu_rate", GpuRate),
    Table("core", "exchange_rate", ExchangeRate),
    Table("core", "model_lifecycle", ModelLifecycle),
    Table("core", "price_hold", PriceHold),
    Table("core", "model_alias", ModelAlias),
    Table("core", "usage_file", UsageFile),
    Table("core", "usage_import", UsageImport),
    Table("core", "usage_reject", UsageReject),
    Table("core", "usage_restatement", UsageRestatement),
    Table("core", "usage_unknown_count", UsageUnknownCount),
    Table("core", "ledger_file", LedgerFile),
    Table("core", "reported_cost", ReportedCost, "usage_date"),
    Table("core", "contract_term", ContractTerm),
    Table("core", "usage_cost", UsageCost, "usage_date"),
    Table("core", "plan_fee", PlanFee, "usage_date"),
    Table("core", "cost_comparison", CostComparison, "usage_date"),
    Table("core", "cost_fingerprint", CostFingerprint, "usage_date"),
    Table("main", "cost_daily", CostDaily, "usage_date"),
    Table("main", "contract_charge", ContractCharge),
    Table("main", "cost_by_owner", CostByOwner, "usage_date"),
    Table("main", "conversation_cost", ConversationCost, "usage_date"),
    Table("main", "hidden_cost", HiddenCost, "usage_date"),
    Table("main", "plan_value", PlanValue, "usage_date"),
    Table("main", "cost_unpriced", CostUnpriced, "usage_date"),
    Table("main", "usage_overlap", UsageOverlap, "usage_date"),
    Table("main", "cost_reconciliation", CostReconciliation, "usage_date"),
    Table("main", "price_change", PriceChange, "changed_on"),
    Table("main", "lifecycle_change", LifecycleChange, "changed_on"),
    Table("main", "lifecycle_conflict", LifecycleConflict),
    Table("main", "price_conflict", PriceConflict),
    Table("main", "gpu_rate_current", GpuRateCurrent),
    Table("main", "gpu_rate_history", GpuRateHistory),
    Table("main", "gpu_rate_spread", GpuRateSpread),
    Table("main", "gpu_rate_conflict", GpuRateConflict),
    Table("main", "source_health", SourceHealth, "as_of"),
    Table("main", "deprecation_risk", DeprecationRisk, "as_of"),
    Table("main", "notice_statistics", NoticeStatistics, "as_of"),
    Table("main", "break_even", BreakEven, "as_of"),
    Table("main", "break_even_curve", BreakEvenCurve, "as_of"),
    Table("main", "saving", LoggedSaving, "as_of"),
    Table("main", "spend_forecast", SpendForecast, "as_of"),
    Table("main", "forecast_accuracy", ForecastAccuracy, "as_of"),
    Table("main", "budget_status", BudgetStatus, "as_of"),
    Table("main", "spend_change", SpendChange, "as_of"),
    Table("main", "spend_anomaly", SpendAnomaly, "as_of"),
    Table("main", "what_if", WhatIf, "as_of"),
    Table("main", "claim_check", ClaimCheck, "as_of"),
    Table("main", "alert", Alert, "alert_on"),
    Table("main", "alert_event", AlertEvent),
    Table("main", "alert_message", AlertMessage),
    Table("main", "alert_notice", AlertNotice),
    Table("main", "alert_delivery", AlertDelivery),
)

TABLES_BY_NAME = {table.qualified: table for table in TABLES}
