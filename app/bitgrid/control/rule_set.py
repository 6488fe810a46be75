"""The configuration in the kernel's integers."""

from __future__ import annotations

from bitgrid.config import Config, LoadConfig
from bitgrid.kernel import Level, LoadProfile, RuleSet, to_scaled


def rule_set(config: Config) -> RuleSet:
    """Thresholds of R1–R5 as the kernel compares them."""
    rules, battery = config.rules, config.site.battery
    return RuleSet(
        block_s=rules.block_s,
        hysteresis_w=rules.r1.hysteresis_w,
        max_import_price=to_scaled("ct_kwh", rules.r1.max_import_price_ct_kwh),
        soc_hard_min=to_scaled("soc_pct", rules.r2.soc_hard_min_pct),
        soc_soft_min=to_scaled("soc_pct", rules.r2.soc_soft_min_pct),
        max_grid_import_w=rules.r2.max_grid_import_w,
        max_grid_import_hold_w=rules.r2.max_grid_import_hold_w,
        max_temp=to_scaled("temp_c", rules.r3.max_temp_c),
        resume_temp=to_scaled("temp_c", rules.r3.resume_temp_c),
        max_room_temp=to_scaled("temp_c", rules.r3.max_room_temp_c),
        comm_timeout_s=rules.r3.comm_timeout_s,
        safety_lockout_s=rules.r3.safety_lockout_min * 60,
        r4_enabled=config.flags.r4_enabled,
        price_spike=to_scaled("ct_kwh", rules.r4.price_spike_ct_kwh),
        min_runtime_blocks=rules.r5.min_runtime_blocks,
        min_pause_blocks=rules.r5.min_pause_blocks,
        deadband_blocks=rules.r5.deadband_blocks,
        max_starts_per_day=rules.r5.max_starts_per_day,
        override_may_use_reserve=rules.override.may_use_reserve,
        battery_claim_w=battery.claim_w if battery else 0,
    )


def load_profile(load: LoadConfig) -> LoadProfile:
    """A load as the kernel knows it."""
    levels = tuple(Level(level.name, level.power_w, level.min_surplus_w) for level in load.levels)
    return LoadProfile(load.id, levels, load.boot_grace_s)
