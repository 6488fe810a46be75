"""When the simulated house begins: at START, on a morning in May, or on a recording's first whole day."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from bitgrid.config.house import Location
from bitgrid.ops.errors import Refusal
from bitgrid.sun import sun_position

MORNING = time_of_day(6, 0)
DATA_COLUMNS = ("time_utc", "pv_power_w", "house_load_w")


def parse_start(text: str, zone: ZoneInfo) -> float:
    """UTC epoch seconds of ``2024-05-15T12:30`` (local), ``…Z`` (UTC), or ``2024-05-15`` (06:00 local).

    Raises:
        Refusal: it is none of these.
    """
    try:
        if len(text) == len("2024-05-15"):
            return _morning(date.fromisoformat(text), zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(
            f"START={text} is no time. Write 2024-05-15T12:30 for local time at the site, "
            f"2024-05-15T10:30Z for UTC, or 2024-05-15 for 06:00 of that day."
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def morning_of_a_day_in_may(now_s: float, zone: ZoneInfo) -> float:
    """06:00 local time of 15 May of the present year, UTC epoch seconds: a day on which there is much to see."""
    year = datetime.fromtimestamp(now_s, zone).year
    return _morning(date(year, 5, 15), zone)


def morning_of_first_full_day(data: Path, place: Location) -> float:
    """06:00 of the first local day that a recorded home covers from midnight to midnight without a gap.

    Raises:
        Refusal: the file cannot be read, is no recording, or holds no whole day.
    """
    times, zone = list(_complete_rows(data, place)), ZoneInfo(place.timezone)
    if len(times) > 1:
        gaps = Counter(later - earlier for earlier, later in pairwise(times))
        step_s = gaps.most_common(1)[0][0]
        present = set(times)
        day = datetime.fromtimestamp(times[0], zone).date()
        while _midnight(day, zone) <= times[-1]:
            if _is_whole(day, zone, step_s, present):
                return _morning(day, zone)
            day += timedelta(days=1)
    raise Refusal(
        f"DATA={data}: no day from midnight to midnight has all its values, so there is no morning to begin with. "
        f"Give one yourself, as START=2024-05-15T06:00."
    )


def _complete_rows(data: Path, place: Location) -> Iterator[int]:
    """Times of the rows that hold both values; at night the PV power may be left out."""
    try:
        with data.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in DATA_COLUMNS if name not in (rows.fieldnames or [])]
            if missing:
                raise Refusal(f"DATA={data}: no column {', '.join(missing)}; wanted: {', '.join(DATA_COLUMNS)}.")
            for row in rows:
                epoch_s = _utc_s(row["time_utc"])
                is_night = sun_position(epoch_s, place.latitude, place.longitude).elevation_deg <= 0
                if row["house_load_w"] and (row["pv_power_w"] or is_night):
                    yield epoch_s
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
        raise Refusal(f"DATA={data}: cannot be read as a recorded home: {error}.") from None


def _utc_s(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _is_whole(day: date, zone: ZoneInfo, step_s: int, present: set[int]) -> bool:
    begin, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    return all(epoch_s in present for epoch_s in range(begin, end, step_s))


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time_of_day(0, 0), zone).timestamp())


def _morning(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, MORNING, zone).timestamp()
