"""Libraries that only some jobs need: imported when asked for, and named with the command that installs them."""

from importlib import import_module
from types import ModuleType

from zaohua.errors import ZaohuaError
from zaohua.i18n import t


def need(module: str, extra: str = "media") -> ModuleType:
    """The module, or one line that says how to install the extra it comes with."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ZaohuaError(t("labels.missing_library", module=module, extra=extra)) from error
