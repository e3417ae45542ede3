"""Cues of the kinds of content in a duty: words that name pictures, sound or film in either language."""

import re
from collections.abc import Sequence

import numpy as np

CUES = {
    "text": (
        r"\b(writ\w*|report\w*|document\w*|correspond\w*|record\w*|analy\w+|comput\w+|program\w*|translat\w*|draft\w*|"
        r"schedul\w*|budget\w*|data|forms?|plan(?:s|ning)?|research\w*|letters?|articles?|code|invoic\w*)\b"
        r"|编写|撰写|起草|编制|整理|统计|分析|翻译|编程|代码|文件|报告|资料|数据|档案|文案|合同|账|记录"
    ),
    "image": (
        r"\b(photo\w*|designs?|decorat\w*|artistic|paint(?:ing)?s?|patterns?|images?|imaging|pictures?|draw(?:ing)?s?|sketch\w*|illustrat\w*|graphics?|layouts?|maps?|mapping|"
        r"x-?rays?|radiograph\w*|scans?|blueprints?|art ?works?|logos?|render\w*|diagrams?)\b"
        r"|图像|图片|照片|绘|设计图|图纸|美术|插画|版面|制图|影像|海报|效果图|图案|修图"
    ),
    "audio": (
        r"\b(audio|sounds?|music\w*|voices?|speech|sing(?:s|ing)?|songs?|radio|telephones?|dictat\w*|transcri\w*|"
        r"listen\w*|compos(?:e|ing|ition)s?|microphones?|narrat\w*|interpret(?:er|ing)\w*|announce\w*)\b"
        r"|音频|声音|语音|音乐|录音|播音|配音|演唱|演奏|口译|电话|广播|音响|作曲|音效|朗读"
    ),
    "video": (
        r"\b(videos?|films?|motion pictures?|television|animat\w*|cameras?|footage|broadcasts?|multimedia|"
        r"surveillance|scenes?|special effects|streaming)\b"
        r"|视频|影片|电影|电视|动画|摄像|监控|剪辑|拍摄|直播|特效|录像|短片"
    ),
    "hands": (
        r"\b(install\w*|repair\w*|lift\w*|clean\w*|assembl\w*|drive|driving|weld\w*|cut(?:s|ting)?|load\w*|carry|"
        r"operat\w+|tend|machines?|equipment|patients?|tools?)\b"
        r"|安装|维修|搬运|清洗|装配|驾驶|焊|切割|装卸|操作|使用.{0,8}设备|机床|护理|采摘|加工|配送|巡视"
    ),
}
_PATTERNS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in CUES.items()}


def cues(texts: Sequence[str]) -> np.ndarray:
    """1 where a text holds a cue of the kind, and 1 where it holds two. float32 [N, 2 · kinds]"""
    counts = np.array([[len(p.findall(text)) for p in _PATTERNS.values()] for text in texts], np.float32)
    counts = counts.reshape(len(texts), len(_PATTERNS))
    return np.hstack([counts > 0, counts > 1]).astype(np.float32)
