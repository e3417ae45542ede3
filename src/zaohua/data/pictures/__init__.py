"""Pictures: from any source to uint8 tensors of one size, parted into training and validation."""

from zaohua.data.pictures.config import PictureConfig
from zaohua.data.pictures.read import Pictures, read_pictures
from zaohua.data.pictures.sheet import contact_sheet, write_contact_sheet

__all__ = ["PictureConfig", "Pictures", "contact_sheet", "read_pictures", "write_contact_sheet"]
