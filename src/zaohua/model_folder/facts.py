"""Facts about a model as tables of its card, README.md, in English and Chinese."""

from collections.abc import Mapping
from typing import Any

_NAMES = {
    # the shape
    "layers": "layers 层数",
    "width": "width 宽度",
    "heads": "heads 注意力头",
    "kv_heads": "key and value heads 键值头",
    "head_dim": "numbers per head 每头维数",
    "ffn_width": "feed-forward width 前馈宽度",
    "rope_theta": "rotary base 旋转基数",
    "norm_eps": "norm epsilon 归一化 ε",
    "causal": "causal 因果",
    "dropout": "dropout 随机失活",
    "vocab_size": "vocabulary 词表大小",
    "context": "context 上下文",
    "tied": "tied head 输出层共享权重",
    "parameters": "parameters 参数量",
    # the data
    "sources": "sources 来源",
    "files": "files 文件数",
    "documents": "documents 文档数",
    "characters": "characters 字符数",
    "bytes": "bytes 字节数",
    "encodings": "encodings 编码",
    "skipped": "skipped 跳过",
    "removed": "removed 去除",
    "languages": "languages 语言",
    "kept": "kept 保留",
    "split": "split 划分",
    "tokens": "tokens 词元数",
    "bytes_per_token": "bytes per token 每词元字节数",
    "seconds": "seconds 秒",
    "hash": "hash 哈希",
    "unknown": "unknown characters 未知字符",
    "warnings": "warnings 警告",
    # the cost
    "steps": "steps 步数",
    "flops": "operations 运算量",
    "train_seconds": "training, seconds 训练用时（秒）",
    "machine": "machine 机器",
}
_HIDDEN = ("skipped_names", "near_duplicates")  # names of the user's files are nobody else's business


def facts_table(values: Mapping[str, Any]) -> str:
    """Names in words and values, a row each."""
    shown = {key: value for key, value in values.items() if key not in _HIDDEN}
    rows = [f"| {_NAMES.get(key, _name(key))} | {table_value(value)} |" for key, value in shown.items()]
    return "\n".join(["| | |", "|---|---|", *rows]) if rows else "Not recorded. 未记录。"


def _name(key: str) -> str:
    return key.replace("_", " ")


def table_value(value: Any) -> str:
    """A number in few digits, a mapping as "key: value", anything else as text, on one line of a table."""
    if isinstance(value, Mapping):
        return ", ".join(f"{_name(str(key))}: {table_value(item)}" for key, item in value.items()) or "none 无"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")
