"""DuEE-fin: events of companies in Chinese announcements and news, a whole document a record.

Paper: https://openreview.net/forum?id=t2lg704kK2
Format: Baidu's event JSON, one document a line, without offsets; its test sets are unlabelled.
"""

from ..readers.event_json import read_event_lists
from ..source import File, Source

# As in duee_fin_event_schema.json; roles are parted by a blank.
_ROLES = {
    "高管变动": "高管姓名 任职公司 高管职位 事件时间 变动类型 披露日期 变动后职位 变动后公司名称",
    "企业破产": "破产公司 披露时间 债务规模 破产时间 债权人",
    "被约谈": "公司名称 披露时间 被约谈时间 约谈机构",
    "公司上市": "上市公司 证券代码 环节 披露时间 发行价格 事件时间 市值 募资金额",
    "股份回购": "回购方 披露时间 回购股份数量 每股交易价格 占公司总股本比例 交易金额 回购完成时间",
    "股东减持": "股票简称 披露时间 交易股票/股份数量 每股交易价格 交易金额 "
    "交易完成时间 减持方 减持部分占所持比例 减持部分占总股本比例",
    "股东增持": "股票简称 披露时间 交易股票/股份数量 每股交易价格 交易金额 "
    "交易完成时间 增持方 增持部分占所持比例 增持部分占总股本比例",
    "解除质押": "质押方 披露时间 质权方 质押物 质押股票/股份数量 事件时间 "
    "质押物所属公司 质押物占总股比 质押物占持股比",
    "质押": "质押方 披露时间 质权方 质押物 质押股票/股份数量 事件时间 质押物占总股比 质押物所属公司 质押物占持股比",
    "亏损": "公司名称 披露时间 财报周期 净亏损 亏损变化",
    "中标": "中标公司 中标标的 中标金额 招标方 中标日期 披露日期",
    "企业收购": "收购方 披露时间 被收购方 收购标的 交易金额 收购完成时间",
    "企业融资": "投资方 披露时间 被投资方 融资金额 融资轮次 事件时间 领投方",
}

source = Source(
    name="DuEE-fin",
    task="EE",
    language="zh",
    domain="finance",
    licence="Baidu's participant agreement: non-commercial research and teaching, no public distribution",
    redistribute="agreement",
    owner="Baidu",
    citation="Han et al., 2022",
    homepage="https://www.luge.ai/#/luge/dataDetail?id=7",
    access="Register at https://www.luge.ai (data set DuEE-fin), accept the agreement and unpack DuEE-fin.zip.",
    sizes={"train": 7_015, "test": 1_171},
    files={
        "train": [File(("duee_fin_train.json", "train.json"))],
        "test": [
            File(
                ("duee_fin_dev.json", "dev.json"),
                size=2207821,
                sha256="ffc6dfb85f821e001d6d07437bde1000ce282aafc657cdf339e078e8232d0061",
            )
        ],
    },
    read=read_event_lists,
    labels={event_type: event_type for event_type in _ROLES},
    roles={event_type: tuple(roles.split()) for event_type, roles in _ROLES.items()},
    # The stage of a listing is one of four, whatever the words of the text.
    role_values={"环节": ("筹备上市", "暂停上市", "正式上市", "终止上市")},
    carve={"validation": 0.1},
    folders=("DuEE_fin", "DuEEfin"),
    key="DuEE-fin",
)
