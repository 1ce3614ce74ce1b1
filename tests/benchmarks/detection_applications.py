"""Other people's applications, served on this machine, by which what flags screens is developed.

They come from PyPI and npm, each group in an environment of its own outside this repository, given by
`--applications`:

    python3 -m venv DIR/dev   && DIR/dev/bin/pip install jupyterlab tensorboard streamlit datasette
    python3 -m venv DIR/more  && DIR/more/bin/pip install gradio marimo nicegui mkdocs-material
    python3 -m venv DIR/held  && DIR/held/bin/pip install dash panel netron sqlite-web locust
    python3 -m venv DIR/fresh && DIR/fresh/bin/pip install nbclassic ipykernel "glances[web]" django \
        optuna-dashboard shiny sphinx furo bokeh pandas
    python3 -m venv DIR/ledger && DIR/ledger/bin/pip install fava beancount klaus snakeviz luigi supervisor \
        flask-admin flask-babel flask-sqlalchemy copyparty
    python3 -m venv DIR/proxy  && DIR/proxy/bin/pip install mitmproxy
    python3 -m venv DIR/site && DIR/site/bin/pip install wagtail sqladmin greenlet uvicorn itsdangerous trac \
        "setuptools<80" coverage robotframework textual-serve textual pywebio
    python3 -m venv DIR/chat && DIR/chat/bin/pip install chainlit
    npm install --ignore-scripts --prefix DIR/npm swagger-ui-dist ace-builds chart.js monaco-editor redoc \
        reveal.js echarts node-red tabulator-tables tinymce ag-grid-community fullcalendar quill \
        plotly.js-dist-min cytoscape mermaid docsify codemirror@5 leaflet handsontable vis-network \
        vis-timeline @xterm/xterm uplot @excalidraw/excalidraw@0.17 react@18 react-dom@18 grapesjs bpmn-js \
        pdfjs-dist@3 antd@5 dayjs jkanban frappe-gantt tiddlywiki
    npm install --ignore-scripts --prefix DIR/npm vue@3 vuetify@3 @mdi/font element-plus ol \
        @toast-ui/calendar jspreadsheet-ce@4 slickgrid sortablejs ckeditor5 blockly drawflow gridstack \
        apexcharts@3 lightweight-charts@4 wavesurfer.js video.js rapidoc webamp swiper konva jstree jquery \
        chessground
    npm install --ignore-scripts --prefix DIR/npm x-data-spreadsheet jsvectormap highcharts diff2html \
        mind-elixir deep-chat matter-js vue@3 quasar naive-ui @shoelace-style/shoelace jquery \
        jquery.terminal dhtmlx-gantt @event-calendar/build datatables.net-dt vanilla-jsoneditor abcjs \
        jsxgraph dygraphs openseadragon 98.css epubjs jszip survey-core survey-js-ui maildev verdaccio \
        webpack-bundle-analyzer @scalar/api-reference phaser

All but the first four and three of npm were held out until what they showed was mended; which are now:
`detection_held_out_applications.py`. An application that is not there is left out, and said to be.
"""

from detection_components import COMPONENTS
from detection_dashboards import DASHBOARDS
from detection_office_tools import OFFICE_TOOLS
from detection_servers import SERVERS

DEVELOPMENT = (*DASHBOARDS, *SERVERS, *OFFICE_TOOLS, *COMPONENTS)
