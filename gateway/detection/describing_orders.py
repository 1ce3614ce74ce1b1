"""The words in which whoever describes a picture is told what to say of it, in thirteen more languages.

English ones are among `orders`.

People publish pictures, print and credit them; what is asked of those is none: models are who describe.
"""

DESCRIBING = (
    r"\b(?:wenn|falls|sobald) (?:du|ihr|sie) .{0,30}(?:bild|foto|grafik)\w* (?:beschreib|analysier|erklär)\w*"
    r".{0,20}\b(?:sag|sage|sagt|sagen|schreib\w*|antworte\w*|behaupte\w*)\b",
    r"\b(?:quand|lorsque|si) (?:tu|vous) (?:décri|analys)\w* .{0,20}(?:image|photo)\b.{0,20}"
    r"\b(?:dis|dites|écri\w*|répond\w*|affirme\w*)\b",
    r"\b(?:cuando|si|al) (?:describ|analiz)\w* .{0,20}(?:imagen|foto)\b.{0,20}"
    r"\b(?:di|diga|escrib\w*|respond\w*|afirm\w*)\b",
    r"\b(?:quando|se) (?:descriv|analizz)\w* .{0,20}(?:immagine|foto)\b.{0,20}"
    r"(?:\bdi(?:' solo\b|' che\b| solo\b| che\b|[:'’])|\b(?:dica|scriv\w*|rispond\w*|afferm\w*)\b)",
    r"\b(?:quando|se|ao) (?:descrev|analis)\w* .{0,20}(?:imagem|foto)\b.{0,20}"
    r"\b(?:diga|escrev\w*|respond\w*|afirm\w*)\b",
    r"(?:画像|写真|図).{0,4}(?:説明|描写)する(?:とき|時|際|場合).{0,60}(?:言って|言え|答え|書いて|述べ)",
    r"(?:描述|说明|說明|解释|解釋|分析)(?:此|这|這|该|該|本)?(?:张|張|幅)?(?:图片|圖片|图像|圖像|图|圖|照片)"
    r"(?:的?时候?|的?時候?).{0,20}(?:说|說|回答|写|寫|告诉|告訴)",
    r"(?:이미지|사진|그림).{0,4}설명할 때.{0,40}(?:말하|말해|답하|답해)",
    r"(?:при описании|когда \w{0,10} ?опис\w*|описывая) .{0,30}(?:изображени|картин|фото|снимо).{0,20}"
    r"(?:скажи|напиши|ответь|утверждай)",
    r"عند وصف .{0,10}(?:الصورة|صورة).{0,15}(?:قل|اكتب|أجب)",
    r"(?:resm|görsel|fotoğraf|görüntü)\w* .{0,15}(?:anlatırken|açıklarken|tarif ederken|betimlerken).{0,60}"
    r"(?:söyle|yaz)\b",
    r"khi mô tả .{0,6}(?:hình|ảnh).{0,20}(?:nói|viết|trả lời)",
    r"\b(?:opisuj\w*|gdy opisujesz) .{0,15}(?:obraz|zdj[eę]ci|grafik)\w*.{0,15}\b(?:powiedz|napisz|odpow)",
)
# Without one of these no pattern finds anything: of Latin letters, and of others.
CUES = (
    "beschreib",
    "analys",
    "erklär",
    "décri",
    "descri",
    "descrev",
    "analiz",
    "analis",
    "anlat",
    "açıkla",
    "betim",
    "tarif",
    "mô tả",
    "opisuj",
)
OTHER_CUES = ("説明", "描写", "描述", "说明", "說明", "解释", "解釋", "分析", "설명", "опис", "وصف")
