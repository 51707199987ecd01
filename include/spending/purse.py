"""The budget as one run sees it: what is left, what it sets aside, what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from math import floor, inf

from include.lake import Lake
from include.settings import Settings
from include.spending.ledger import (
    Day,
    Month,
    Record,
    Resources,
    RunSpending,
    charged,
    months_since,
    read_month,
    returned,
    total,
    update_day,
)


class Spent(Record):
    """What X returned to one run on one UTC day."""

    posts: int = 0
    """Different posts that were not known to have been returned that day before."""
    posts_returned: int = 0
    users: tuple[str, ...] = ()
    """Usernames, as often as they were returned."""

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            posts=self.posts + other.posts,
            posts_returned=self.posts_returned + other.posts_returned,
            users=self.users + other.users,
        )


class Bill(Record):
    """What one run cost at the configured prices, in US dollars, and how the month stands."""

    charged: Resources = Resources()
    returned: Resources = Resources()
    usd: float = 0
    saved_usd: float = 0
    """For what X returned again on the same day, and does not charge."""
    month_usd: float = 0
    """All runs of the month so far, with what runs under way have reserved."""
    month_forecast_usd: float = 0
    """The month's end, were the rest of it like its days so far."""


class Purse:
    """The budget as one run sees it.

    Args:
        lake: where the ledger lies.
        settings: prices and caps.
        run: as :func:`include.spending.ledger.run_name` says it.
        now: by X's clock.
    """

    def __init__(self, lake: Lake, settings: Settings, run: str, now: datetime) -> None:
        self._lake = lake
        self._settings = settings
        self._run = run
        self._now = now
        self.today = now.date()

    def move_to(self, now: datetime) -> None:
        """Go on at a later time: what is set aside from then on is of that day."""
        self._now = max(self._now, now)
        self.today = self._now.date()

    def reserve(self, wanted: Resources, *, share: float = 1.0) -> Resources:
        """Set aside what the run may be charged, as much of it as the caps allow.

        Args:
            wanted: beyond what the run has set aside before; users go first.
            share: how much of what is left may be taken: the rest stays for others.

        Returns:
            What was set aside.
        """
        granted = Resources()
        if wanted == granted:
            return granted

        def take(month: Month) -> Day:
            nonlocal granted
            usd, most_posts = self._left(month)
            usd *= share
            users = min(wanted.users, _times(self._settings.user_read_usd, usd))
            usd -= users * self._settings.user_read_usd
            posts = min(wanted.posts, _times(self._settings.post_read_usd, usd), most_posts)
            granted = Resources(posts=posts, users=users)
            day = month.day(self.today)
            run = day.runs.get(self._run, RunSpending())
            reserved = run.reserved + granted
            return day.with_run(self._run, run.model_copy(update={"reserved": reserved}))

        update_day(self._lake, self.today, take)
        return granted

    def release(self) -> None:
        """Give back what earlier attempts of the run have set aside, so that it begins anew."""
        days = self._days_reserved()
        if self.is_settled():
            days.add(self.today)
        for day in sorted(days):

            def give_back(month: Month, day: date = day) -> Day:
                known = month.day(day)
                run = known.runs.get(self._run, RunSpending())
                anew = {"reserved": Resources(), "settled": False}
                return known.with_run(self._run, run.model_copy(update=anew))

            update_day(self._lake, day, give_back)

    def settle(self, days: Mapping[date, Spent]) -> None:
        """Put what the run was returned in the place of what it had reserved.

        Args:
            days: by UTC day; all that the run was ever returned, so that settling twice is the
                same as settling once.
        """
        nothing = dict.fromkeys({self.today, *self._days_reserved()}, Spent())
        for day, spent in sorted({**nothing, **days}.items()):

            def put(month: Month, day: date = day, spent: Spent = spent) -> Day:
                return self._settled(month.day(day), spent)

            update_day(self._lake, day, put)

    def has_reserved(self) -> bool:
        """Whether the run has anything set aside, on whichever day."""
        return bool(self._days_reserved())

    def _days_reserved(self) -> set[date]:
        """Days from last month on, those to which a run that is cleared later has moved as well."""
        last_month = self.today.replace(day=1) - timedelta(days=1)
        return {
            day
            for month in months_since(self._lake, last_month)
            for day, known in month.days.items()
            if known.runs.get(self._run, RunSpending()).reserved != Resources()
        }

    def is_settled(self) -> bool:
        """Whether the run has given back what it had set aside: what goes on sets aside anew."""
        day = read_month(self._lake, self.today).day(self.today)
        return day.runs.get(self._run, RunSpending()).settled

    def _settled(self, day: Day, spent: Spent) -> Day:
        # Whoever had a user first that day is charged for it.
        payers = {**dict.fromkeys(spent.users, self._run), **day.users}
        paid = sum(payers[user] == self._run for user in set(spent.users))
        known = day.runs.get(self._run, RunSpending())
        if known.returned.users >= len(spent.users):
            paid = known.charged.users  # who paid on a day that is over is not known any more
        # X has charged it, though what it sent may have gone from the lake since.
        run = RunSpending(
            charged=known.charged.at_least(Resources(posts=spent.posts, users=paid)),
            returned=known.returned.at_least(
                Resources(posts=spent.posts_returned, users=len(spent.users))
            ),
            settled=True,
        )
        return day.with_run(self._run, run).model_copy(update={"users": payers})

    def has_room(self, posts: int) -> bool:
        """Whether so many posts could be set aside."""
        usd, most_posts = self._left(read_month(self._lake, self.today))
        return min(_times(self._settings.post_read_usd, usd), most_posts) >= posts

    def users_charged(self) -> set[str]:
        """Usernames for which X charges no more today."""
        return set(read_month(self._lake, self.today).day(self.today).users)

    def bill(self) -> Bill:
        """What the run cost so far this month."""
        month = read_month(self._lake, self.today)
        own = [day.runs[self._run] for day in month.days.values() if self._run in day.runs]
        usd = charged(own).usd(self._settings)
        month_usd = _total(month).usd(self._settings)
        return Bill(
            charged=charged(own),
            returned=returned(own),
            usd=round(usd, 4),
            saved_usd=round(returned(own).usd(self._settings) - usd, 4),
            month_usd=round(month_usd, 4),
            month_forecast_usd=round(month_usd * self._rest_of_month(month), 2),
        )

    def _rest_of_month(self, month: Month) -> float:
        """The whole month's length by that of its part with spending, which is a day at least."""
        first = datetime.combine(min(month.days, default=self.today), datetime.min.time(), UTC)
        end = datetime.combine(self.today.replace(day=1), datetime.min.time(), UTC)
        end = (end + timedelta(days=32)).replace(day=1)
        return max(1.0, (end - first) / max(self._now - first, timedelta(days=1)))

    def explain(self) -> str:
        """What of each cap is used, in a sentence."""
        month = read_month(self._lake, self.today)
        used = self._used(month)
        parts = [f"${usd:.2f} of ${cap:.2f} a {span}" for span, (usd, cap) in used.items()]
        posts, most = _total(month).posts, self._settings.posts_per_month
        return f"used up to now: {', '.join([*parts, f'{posts:,} of {most:,} posts a month'])}"

    def _left(self, month: Month) -> tuple[float, int]:
        """US dollars, and posts of the month, that nobody has spent or reserved."""
        usd = min((cap - used for used, cap in self._used(month).values()), default=inf)
        return max(usd, 0.0), max(self._settings.posts_per_month - _total(month).posts, 0)

    def _used(self, month: Month) -> dict[str, tuple[float, float]]:
        """Of each cap that is set: what is used of it, and the cap, in US dollars."""
        today = month.day(self.today)
        own = [day.runs[self._run] for day in month.days.values() if self._run in day.runs]
        spans = {
            "run": (total(own), self._settings.usd_per_run),
            "day": (total(today.runs.values()), self._settings.usd_per_day),
            "month": (_total(month), self._settings.usd_per_month),
        }
        return {
            span: (used.usd(self._settings), cap)
            for span, (used, cap) in spans.items()
            if cap is not None
        }


def _total(month: Month) -> Resources:
    return total(run for day in month.days.values() for run in day.runs.values())


def _times(price: float, usd: float) -> int:
    """How many one can pay for; a millionth of a cent is no reason to leave one out."""
    return floor(usd / price + 1e-6) if price and usd != inf else 2**31
