"""The workbooks of BLS: opened with care, whatever they hold."""

import io
import zipfile
from typing import Any

from zaohua.careers.updating.brought import File, refused
from zaohua.data.readers.archives import open_archive
from zaohua.data.readers.base import SkippedFile
from zaohua.errors import ZaohuaError
from zaohua.extras import need


def opened(content: bytes, file: File) -> Any:
    """The workbook (of openpyxl), alone or in a zip of one. Raises ZaohuaError for anything else."""
    openpyxl = need("openpyxl", "documents")
    try:
        archive = open_archive(io.BytesIO(content), len(content))
        inside = [name for name in archive.namelist() if name.lower().endswith(".xlsx")]
        if len(inside) == 1:
            return opened(archive.read(inside[0]), file)
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except SkippedFile as error:
        raise refused(file, error.reason) from error
    except zipfile.BadZipFile as error:
        raise refused(file, error) from error
    except ZaohuaError:  # of the workbook inside
        raise
    except Exception as error:  # a damaged workbook raises whatever its XML happens to break
        raise refused(file, type(error).__name__) from error
