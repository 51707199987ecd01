"""The objects that come with posts in `includes`: media, polls and places."""

from datetime import timedelta
from typing import Any

from sandbox.posts import moment, timestamp
from sandbox.texts import PLACE_NAMES

PLACES: dict[str, dict[str, Any]] = {
    f"5a5d0c{number:02x}7b1e": {
        "id": f"5a5d0c{number:02x}7b1e",
        "full_name": f"{name}, Coast",
        "name": name,
        "country": "Sandbox",
        "country_code": "XS",
        "place_type": "city",
        "geo": {
            "type": "Feature",
            "bbox": [-4.5 + number, 52.1, -4.1 + number, 52.6],
            "properties": {},
        },
    }
    for number, name in enumerate(PLACE_NAMES)
}


def media_object(key: str) -> dict[str, Any]:
    """Return the media with this key: 3 a photo, 7 a video, 16 an animated GIF."""
    kind = {"3": "photo", "7": "video", "16": "animated_gif"}[key.partition("_")[0]]
    base = {"media_key": key, "type": kind, "width": 1200, "height": 800}
    if kind == "photo":
        return base | {"url": f"https://img.example.org/{key}.jpg", "alt_text": "A view"}
    base |= {"preview_image_url": f"https://img.example.org/{key}.jpg"}
    variant = {"content_type": "video/mp4", "url": f"https://img.example.org/{key}.mp4"}
    base["variants"] = [variant | {"bit_rate": 832_000} if kind == "video" else variant]
    if kind == "video":
        base |= {"duration_ms": 41_250, "public_metrics": {"view_count": 1_204}}
    return base


def poll_object(poll_id: str) -> dict[str, Any]:
    """Return the poll with this id; all polls of the sandbox are over."""
    end = moment(int(poll_id)) + timedelta(minutes=5)
    options = [
        {"position": position, "label": label, "votes": 10 * position}
        for position, label in enumerate(("Yes", "No", "Tide permitting"), start=1)
    ]
    return {
        "id": poll_id,
        "duration_minutes": 5,
        "end_datetime": timestamp(end),
        "options": options,
        "voting_status": "closed",
    }
