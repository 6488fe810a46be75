"""The configuration in the kernel's integers."""

from __future__ import annotations

import math

from bitgrid.config import Config, LoadConfig
from bitgrid.kernel import Battery, Level, LoadProfile, Policy, RuleSet, to_scaled


def rule_set(config: Config) -> RuleSet:
    """Thresholds of R1–R5 as the kernel compares them."""
    rules, policies, home = config.rules, config.policies, config.site.battery
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
        r4_prestart=config.flags.r4_prestart,
        r4_preemptive_stop=config.flags.r4_preemptive_stop,
        price_spike=to_scaled("ct_kwh", rules.r4.price_spike_ct_kwh),
        value_margin=to_scaled("ct_kwh", rules.r4.value_margin_ct_kwh),
        spill_hysteresis_wh=rules.r4.spill_hysteresis_wh,
        min_runtime_blocks=rules.r5.min_runtime_blocks,
        min_pause_blocks=rules.r5.min_pause_blocks,
        deadband_blocks=rules.r5.deadband_blocks,
        max_starts_per_day=rules.r5.max_starts_per_day,
        override_may_use_reserve=rules.override.may_use_reserve,
        battery_claim_w=home.claim_w if home else 0,
        balance_tolerance_w=config.site.balance_tolerance_w,
        policy=Policy(policies.energy_path),
        heat_value=None if policies.heat_ct_kwh is None else to_scaled("ct_kwh", policies.heat_ct_kwh),
        round_trip_efficiency_permille=round(home.round_trip_efficiency_pct * 10) if home else 1000,
    )


def battery(config: Config) -> Battery | None:
    """The home's battery as the outlook carries it forward; None in a house without one."""
    home = config.site.battery
    if home is None:
        return None
    one_way = math.sqrt(home.round_trip_efficiency_pct / 100)
    return Battery(
        capacity_wh=home.capacity_wh,
        max_charge_w=home.max_charge_w,
        max_discharge_w=home.max_discharge_w,
        one_way_efficiency_permille=round(one_way * 1000),
        empty_soc=to_scaled("soc_pct", home.empty_soc_pct),
    )


def load_profile(load: LoadConfig) -> LoadProfile:
    """A load as the kernel knows it."""
    levels = tuple(Level(level.name, level.power_w, level.min_surplus_w) for level in load.levels)
    joules_per_terahash = None
    if load.joules_per_terahash is not None:
        joules_per_terahash = to_scaled("j_per_th", load.joules_per_terahash)
    return LoadProfile(load.id, levels, load.boot_grace_s, load.ramp_s, joules_per_terahash)
