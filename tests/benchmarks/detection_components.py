"""Other people's scripts of npm, each in a page of ours; for development."""

import json

from detection_application import npm, with_further
from detection_application_contents import OPENAPI
from detection_further_contents import HARBOUR, lease
from detection_workshop_contents import API, film, sound

_API = {"openapi.json": json.dumps(OPENAPI)}
COMPONENTS = (
    npm("swagger-ui", "swagger-ui-dist", _API),
    npm("ace", "ace-builds"),
    npm("chart.js", "chart.js"),
    npm("monaco-editor", "monaco-editor"),
    npm("redoc", "redoc", _API),
    npm("reveal.js", "reveal.js"),
    npm("echarts", "echarts"),
    npm("tabulator", "tabulator-tables"),
    npm("tinymce", "tinymce"),
    npm("ag-grid", "ag-grid-community"),
    npm("fullcalendar", "fullcalendar"),
    npm("quill", "quill"),
    npm("plotly", "plotly.js-dist-min"),
    npm("cytoscape", "cytoscape"),
    npm("mermaid", "mermaid"),
    npm("docsify", "docsify", {"harbour.md": HARBOUR}),
    npm("codemirror", "codemirror"),
    npm("leaflet", "leaflet"),
    npm("handsontable", "handsontable"),
    npm("vis-network", "vis-network"),
    npm("vis-timeline", "vis-timeline"),
    npm("xterm", "@xterm/xterm"),
    npm("uplot", "uplot"),
    npm("excalidraw", "@excalidraw/excalidraw"),
    npm("grapesjs", "grapesjs"),
    npm("bpmn-js", "bpmn-js"),
    npm("pdf.js", "pdfjs-dist", {"lease.pdf": lease()}),
    npm("antd", "antd"),
    npm("jkanban", "jkanban"),
    npm("frappe-gantt", "frappe-gantt"),
    npm("vuetify", "vuetify"),
    npm("element-plus", "element-plus"),
    npm("openlayers", "ol"),
    npm("tui-calendar", "@toast-ui/calendar"),
    npm("jspreadsheet", "jspreadsheet-ce"),
    npm("slickgrid", "slickgrid"),
    npm("ckeditor", "ckeditor5"),
    npm("blockly", "blockly"),
    npm("drawflow", "drawflow"),
    npm("gridstack", "gridstack"),
    npm("lightweight-charts", "lightweight-charts"),
    with_further(npm("wavesurfer", "wavesurfer.js"), sound),
    with_further(npm("video.js", "video.js"), film),
    npm("rapidoc", "rapidoc", API),
    with_further(npm("webamp", "webamp"), sound),
    npm("swiper", "swiper"),
    npm("konva", "konva"),
    npm("jstree", "jstree"),
    npm("chessground", "chessground"),
)
