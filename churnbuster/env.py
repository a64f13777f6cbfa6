"""What the environment may say, and what holds when it says nothing."""

import contextlib
import os
import secrets
import stat
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
OTHERS = stat.S_IRWXG | stat.S_IRWXO

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def folder(name: str, default: Path) -> Path:
    """Return the folder that variable `name` points to, made if it is not there yet, for its owner alone.

    A folder that somebody named, and that was there before, is left as they made it: it may be one of the
    system's. `manage.py check --deploy` says where others can read.
    """
    given = env.str(name, default="")
    path = Path(given or default)
    if not path.is_absolute():
        path = BASE_DIR / path
    path.mkdir(parents=True, exist_ok=True)
    if not given:
        close_to_others(path)
    return path


def close_to_others(folder: Path) -> None:
    """Take what an earlier version wrote in `folder` from everybody but its owner.

    That is looked through once: the folder itself is closed last, and one that is closed is passed by.
    """
    found = folder.stat()
    if not found.st_mode & OTHERS or found.st_uid != os.geteuid():
        return
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            _close(Path(place) / name)
    _close(folder)


def _close(path):
    # What others of our processes remove meanwhile needs no closing, and a link has no mode of its own.
    with contextlib.suppress(FileNotFoundError, PermissionError):
        mode = path.lstat().st_mode
        if mode & OTHERS and not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)


def positive(name: str, default: int) -> int:
    """Return variable `name` as a whole number above zero, or fail loudly."""
    raw = env.str(name, default=str(default))
    if not raw.isascii() or not raw.isdigit() or int(raw) == 0:
        raise ImproperlyConfigured(f"{name} must be a whole number above zero, not {raw!r}.")
    return int(raw)


def choice(name: str, allowed: tuple[str, ...]) -> str:
    """Return variable `name`, which must be one of `allowed`; the first is the default."""
    value = env.str(name, default=allowed[0])
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def database(default: str) -> dict:
    """Return what `DATABASE_URL` points to, of a kind that the constraints and triggers are written for."""
    found = env.db("DATABASE_URL", default=default)
    if found["ENGINE"].rpartition(".")[2] not in ("sqlite3", "mysql"):
        # The address holds a password: it is not repeated.
        raise ImproperlyConfigured("DATABASE_URL must begin with sqlite:/// or, for MariaDB too, mysql://.")
    return found


def buckets(given: str, *, aliases: tuple[str, ...], is_public: bool, url_minutes: int) -> dict[str, dict]:
    """Return the storages of `aliases`: folders, or buckets of the S3 server that `STORAGE_URL` points to.

    It reads ``s3://KEY:SECRET@host:port/path?region=...&prefix=...&https=false``: `path` is where the
    server answers S3 below its host, `prefix` stands before the name of each bucket.
    """
    if not given:
        return {
            # The media folder is a bucket itself; the others are folders in it.
            alias: {
                "BACKEND": "core.files.local.LocalBucket",
                "OPTIONS": {"folder": "" if alias == "media" else alias},
            }
            for alias in aliases
        }
    url = urlsplit(given)
    query = dict(parse_qsl(url.query))
    unknown = sorted(set(query) - {"region", "prefix", "https"})
    if url.scheme != "s3" or not (url.hostname and url.username and url.password) or unknown:
        # The value is a secret: it is not repeated.
        raise ImproperlyConfigured(
            "STORAGE_URL must read s3://KEY:SECRET@host:port/?region=...&prefix=...&https=true"
            + (f", without {', '.join(unknown)}." if unknown else ".")
        )
    scheme = "https" if env.parse_value(query.get("https", "true"), bool) else "http"
    host = url.hostname + (f":{url.port}" if url.port else "")
    options = {
        "access_key": unquote(url.username),
        "secret_key": unquote(url.password),
        "endpoint_url": f"{scheme}://{host}{url.path.rstrip('/')}",
        "region_name": query.get("region", "us-east-1"),
        "addressing_style": "path",
        "signature_version": "s3v4",
        "default_acl": None,
        "file_overwrite": True,
        "querystring_auth": not is_public,
        "querystring_expire": url_minutes * 60,
    }
    return {
        alias: {
            "BACKEND": "core.files.s3.S3Bucket",
            "OPTIONS": {**options, "alias": alias, "bucket_name": query.get("prefix", "") + alias},
        }
        for alias in aliases
    }


def secret_key(state: Path) -> str:
    """Return SECRET_KEY, or the key of this installation, made at its first start.

    Two processes may start at once: whoever creates the file first decides, the other one reads it.
    """
    given = env.str("SECRET_KEY", default="")
    if given:
        return given
    path = state / "secret_key"
    if not path.exists():
        draft = state / f"secret_key.{os.getpid()}"
        with open(draft, "x", opener=_private) as file:
            file.write(secrets.token_urlsafe(50))
        # A hard link appears whole or not at all, so nobody reads half a key.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    key = path.read_text().strip()
    if len(key) < 50:
        raise ImproperlyConfigured(f"{path} holds no usable key. Remove it, or set SECRET_KEY.")
    return key


def _private(path, flags):
    return os.open(path, flags, 0o600)
