"""What X says when it does not, or not wholly, do what was asked."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.cast import Standing, Vocabulary
from sandbox.vocabulary import problem_host

Problem = dict[str, Any]


class RefusalError(Exception):
    """The request is answered with a status other than 200."""

    def __init__(self, status: int, body: Problem) -> None:
        """Keep status and problem body."""
        super().__init__(body.get("detail"))
        self.status = status
        self.body = body


def type_of(vocabulary: Vocabulary, name: str) -> str:
    """Return the type URI of a problem; callers should compare only its last segment."""
    return f"https://{problem_host(vocabulary)}/2/problems/{name}"


def invalid_request(
    parameter: str, value: str, message: str, vocabulary: Vocabulary = Vocabulary.CLASSIC
) -> RefusalError:
    """Return the 400 for one parameter."""
    return RefusalError(
        400,
        {
            "errors": [{"parameters": {parameter: [value]}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": type_of(vocabulary, "invalid-request"),
        },
    )


def blank(status: int, title: str) -> Problem:
    """Return a problem without a type of its own, as 401 and 429 are."""
    return {"title": title, "detail": title, "type": "about:blank", "status": status}


def conflict(detail: str) -> Problem:
    """Return the 409 for a job beside one that is not over."""
    return {
        "title": "Conflict",
        "detail": detail,
        "type": type_of(Vocabulary.CLASSIC, "conflict"),
        "status": 409,
    }


USAGE_CAPPED: Problem = {
    "title": "UsageCapExceeded",
    "detail": "Usage cap exceeded: Monthly product cap",
    "type": "https://api.twitter.com/2/problems/usage-capped",
    "account_id": 2014007919,
    "product_name": "pay-per-use",
    "period": "Monthly",
    "scope": "Product",
}
CREDITS_DEPLETED: Problem = {
    "title": "CreditsDepleted",
    "detail": "Your enrolled account does not have any credits to fulfill this request.",
    "type": "https://api.x.com/2/problems/credits",
    "account_id": 2014007919,
}


def spend_cap_reached(now: datetime) -> Problem:
    """Return the 403 of an account that may spend no more before the next month."""
    reset = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    return {
        "title": "SpendCapReached",
        "detail": "Your enrolled account has reached the spend cap of its billing cycle. "
        f"Requests are blocked until the next cycle begins on {reset:%Y-%m-%d}.",
        "type": "https://api.twitter.com/2/problems/credits",
        "account_id": 2014007919,
        "reset_date": f"{reset:%Y-%m-%d}",
    }


NOT_ENROLLED: Problem = {
    "title": "Client Forbidden",
    "detail": "This request must be made with keys of an app that is attached to a project.",
    "type": "https://api.twitter.com/2/problems/client-forbidden",
    "reason": "client-not-enrolled",
    "required_enrollment": "Appropriate Level of API Access",
    "registration_url": "https://developer.example.org/",
    "status": 403,
}


def missing_user(vocabulary: Vocabulary, parameter: str, value: str, standing: Standing) -> Problem:
    """Return the partial error for a user that is not there, or not for us."""
    item = {
        "value": value,
        "resource_type": "user",
        "parameter": parameter,
        "resource_id": value,
    }
    if standing is Standing.SUSPENDED:
        return item | {
            "title": "Forbidden",
            "detail": f"User has been suspended: [{value}].",
            "type": type_of(vocabulary, "resource-not-found"),
        }
    if standing is Standing.PROTECTED:
        return item | {
            "section": "data",
            "title": "Authorization Error",
            "detail": f"Sorry, you are not authorized to see the user with {parameter}: [{value}].",
            "type": type_of(vocabulary, "not-authorized-for-resource"),
        }
    return item | {
        "title": "Not Found Error",
        "detail": f"Could not find user with {parameter}: [{value}].",
        "type": type_of(vocabulary, "resource-not-found"),
    }


def missing_post(vocabulary: Vocabulary, parameter: str, value: str, author: Standing) -> Problem:
    """Return the partial error for a post that is deleted, or whose author is hidden."""
    word = "tweet" if vocabulary is Vocabulary.CLASSIC else "post"
    item = {
        "value": value,
        "resource_type": word,
        "parameter": parameter,
        "resource_id": value,
    }
    if author in {Standing.PROTECTED, Standing.SUSPENDED}:
        sorry = f"Sorry, you are not authorized to see the {word.title()} with {parameter}"
        return item | {
            "section": "data" if parameter == "ids" else "includes",
            "title": "Authorization Error",
            "detail": f"{sorry}: [{value}].",
            "type": type_of(vocabulary, "not-authorized-for-resource"),
        }
    return item | {
        "title": "Not Found Error",
        "detail": f"Could not find {word} with {parameter}: [{value}].",
        "type": type_of(vocabulary, "resource-not-found"),
    }


def unavailable(vocabulary: Vocabulary, parameter: str, value: str, kind: str) -> Problem:
    """Return the error for a user or tweet that just now cannot be had, whoever it is."""
    return {
        "value": value,
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "title": "Resource Unavailable",
        "detail": f"The {kind} with {parameter}: [{value}] is not available.",
        "type": type_of(vocabulary, "resource-unavailable"),
    }


def hidden_field(vocabulary: Vocabulary, parameter: str, post_id: str, field: str) -> Problem:
    """Return the partial error for one field withheld from a post that is fine otherwise."""
    word = "tweet" if vocabulary is Vocabulary.CLASSIC else "post"
    return {
        "resource_id": post_id,
        "value": post_id,
        "parameter": parameter,
        "resource_type": word,
        "section": "data",
        "title": "Field Authorization Error",
        "detail": f"Sorry, you are not authorized to access '{field}' on the {word.title()}.",
        "field": field,
        "type": type_of(vocabulary, "not-authorized-for-field"),
    }
