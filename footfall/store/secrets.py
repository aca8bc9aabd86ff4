"""Where the secret that salts are made of is kept: a file, the environment, AWS Secrets Manager, or the table.

What a secret is, and what follows from it, is `footfall.salts`; here it is read, written and replaced. Nothing of it
gets into an error.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from footfall.errors import SettingsError
from footfall.salts import Secret, parse_secret
from footfall.text import printable

ENVIRONMENT: Final = "FOOTFALL_SALT"
LONGEST_TEXT: Final = 4096
_ONLY_OWNER: Final = 0o600


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """A place of a user's own secret: a file, or a name in Secrets Manager, in the environment when neither is given.

    `region`, `profile` and `endpoint_url` say which Secrets Manager; None leaves it to the AWS environment, and a
    name that is an ARN says the region itself.
    """

    file: Path | None = None
    name: str | None = None
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None

    @property
    def title(self) -> str:
        """Return how a person names the place."""
        if self.file is not None:
            return f"the file {printable(str(self.file))}"

        return f"the secret {printable(self.name)} of AWS Secrets Manager" if self.name else ENVIRONMENT

    @property
    def option(self) -> str:
        """Return the option that names the place on a command line."""
        return f"--salt-file {self.file}" if self.file is not None else f"--salt-secret {self.name}"


async def load_secret(place: SecretPlace, environment: Mapping[str, str]) -> Secret | None:
    """Return the secret at a place, None when none is named and the environment has none.

    Raises `SettingsError` for one that is missing, can be read by others, or is no secret, and what AWS refuses as
    the store does.
    """
    if place.file is not None:
        return _parsed(_read_file(place.file), place)

    if place.name is not None:
        from footfall.store.aws.secrets import read_text

        return _parsed(await read_text(place), place)

    text = environment.get(ENVIRONMENT)
    return _parsed(text, place) if text else None


async def create_secret(place: SecretPlace, secret: Secret) -> None:
    """Keep a new secret at a place; raises `SettingsError` when there is one, which is left as it is."""
    if place.file is not None:
        _create_file(place.file, secret.text)
        return

    from footfall.store.aws.secrets import create_text

    await create_text(place, secret.text)


async def replace_secret(place: SecretPlace, secret: Secret) -> None:
    """Put a secret in the place of the one that is there, at once or not at all, and wipe that."""
    if place.file is not None:
        _replace_file(place.file, secret.text)
        return

    from footfall.store.aws.secrets import replace_text

    await replace_text(place, secret.text)


def _parsed(text: str, place: SecretPlace) -> Secret:
    try:
        return parse_secret(text)
    except ValueError as error:
        # Without a chain: nothing of what was read may come into a traceback.
        raise SettingsError(
            f"What {place.title} holds is no secret for salts: {error}.",
            hint="footfall salts create --salt-file PATH   (makes one)",
        ) from None


def _read_file(path: Path) -> str:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            _refuse_others(path, os.fstat(file.fileno()).st_mode)
            return file.read(LONGEST_TEXT)
    except OSError as error:
        hint = f"footfall salts create --salt-file {path}" if isinstance(error, FileNotFoundError) else None
        raise SettingsError(_sentence(path, "cannot be read", error), hint=hint) from error


def _refuse_others(path: Path, mode: int) -> None:
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"The salt file {printable(str(path))} can be read or changed by others than its owner.",
            hint=f"chmod 600 {path}",
        )


def _create_file(path: Path, text: str) -> None:
    try:
        _write_new(path, text)
    except FileExistsError as error:
        raise SettingsError(
            f"There is a file {printable(str(path))} already; it is left as it is.",
            hint=f"footfall salts show --salt-file {path}",
        ) from error
    except OSError as error:
        raise SettingsError(_sentence(path, "cannot be written", error)) from error


def _replace_file(path: Path, text: str) -> None:
    real = path.resolve()
    beside = real.with_name(f".{real.name}.new")
    try:
        with real.open("r+b") as old:
            beside.unlink(missing_ok=True)
            _write_new(beside, text)
            beside.replace(real)
            _sync_folder(real.parent)
            _wipe(old.fileno())
    except OSError as error:
        raise SettingsError(_sentence(path, "cannot be replaced", error)) from error


def _write_new(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OWNER)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(descriptor)

    _sync_folder(path.parent)


def _wipe(descriptor: int) -> None:
    """Write zeros over a file that has no name any more; what a disk or file system copied elsewhere stays."""
    os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
    os.fsync(descriptor)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sentence(path: Path, what: str, error: OSError) -> str:
    return f"The salt file {printable(str(path))} {what}: {error.strerror or type(error).__name__}."
