"""Serves Presidio's analyzer over its REST contract, without a language model.

The published image of Presidio loads a model of several hundred megabytes. This server runs the same analyzer on blank
spaCy pipelines: tokens, but no names of people or places. Recognisers by pattern, checksum and context all work.
With a model installed (`python -m spacy download en_core_web_lg`), `--model en=en_core_web_lg` finds names as well.
"""

import argparse
import json
import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import spacy
from presidio_analyzer import AnalyzerEngine, AnalyzerRequest, BatchAnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

LONGEST_BODY = 32 * 1024 * 1024


class BlankNlpEngine(SpacyNlpEngine):
    """A pipeline for each language: the named model, or a tokeniser alone."""

    def __init__(self, models):
        super().__init__(
            models=[{"lang_code": code, "model_name": name or f"blank_{code}"} for code, name in models.items()],
            ner_model_configuration=NerModelConfiguration(),
        )
        self.nlp = {code: spacy.load(name) if name else spacy.blank(code) for code, name in models.items()}

    def load(self):
        """Already loaded."""

    def is_loaded(self):
        return True


def make_analyzer(models):
    registry = RecognizerRegistry(supported_languages=list(models))
    engine = BlankNlpEngine(models)
    registry.load_predefined_recognizers(languages=list(models), nlp_engine=engine)
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=list(models))


def make_handler(analyzer):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status, value):
            is_text = isinstance(value, str)
            body = (value if is_text else json.dumps(value)).encode()
            self.send_response(status)
            self.send_header("content-type", "text/plain" if is_text else "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            path, _, query = self.path.partition("?")
            language = dict(pair.partition("=")[::2] for pair in query.split("&")).get("language")
            if path == "/health":
                self.answer(200, "Presidio Analyzer service is up")
            elif path == "/supportedentities":
                self.answer(200, analyzer.get_supported_entities(language))
            elif path == "/recognizers":
                self.answer(200, [recognizer.name for recognizer in analyzer.get_recognizers(language)])
            else:
                self.answer(404, {"error": "not found"})

        def do_POST(self):
            length = int(self.headers.get("content-length") or 0)
            if length > LONGEST_BODY:
                self.close_connection = True
                return self.answer(413, {"error": "the body is too long"})
            body = self.rfile.read(length)
            if self.path != "/analyze":
                return self.answer(404, {"error": "not found"})
            try:
                request = AnalyzerRequest(json.loads(body))
                if not request.text:
                    raise ValueError("No text provided")
                if not request.language:
                    raise ValueError("No language provided")
            except (ValueError, TypeError, AttributeError) as error:
                return self.answer(400, {"error": str(error)})
            try:
                self.answer(200, analyze(analyzer, request))
            except Exception as error:  # as the original's own server: what went wrong, and no more
                logging.getLogger("presidio").error("analyze failed: %s", type(error).__name__)
                self.answer(500, {"error": str(error)})

        def log_message(self, *_):
            """Addresses and times of requests are the gateway's business."""

    return Handler


def analyze(analyzer, request):
    is_batch = isinstance(request.text, list)
    results = BatchAnalyzerEngine(analyzer_engine=analyzer).analyze_iterator(
        texts=request.text if is_batch else [request.text],
        language=request.language,
        correlation_id=request.correlation_id,
        score_threshold=request.score_threshold,
        entities=request.entities,
        return_decision_process=request.return_decision_process,
        ad_hoc_recognizers=request.ad_hoc_recognizers,
        context=request.context,
        allow_list=request.allow_list,
        allow_list_match=request.allow_list_match,
        regex_flags=request.regex_flags,
    )
    lists = [[plain(result) for result in found] for found in results]
    return lists if is_batch else lists[0]


def plain(result):
    value = result.to_dict()
    value.pop("recognition_metadata", None)
    explanation = value.get("analysis_explanation")
    value["analysis_explanation"] = explanation.to_dict() if hasattr(explanation, "to_dict") else None
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5002, help="0 takes a free one and prints it")
    parser.add_argument("--language", action="append", default=[], help="a language without a model; en where none is given")
    parser.add_argument("--model", action="append", default=[], metavar="LANGUAGE=MODEL", help="a spaCy model that is installed")
    options = parser.parse_args()
    models = {code: None for code in options.language}
    models.update(entry.split("=", 1) for entry in options.model)
    server = ThreadingHTTPServer((options.host, options.port), make_handler(make_analyzer(models or {"en": None})))
    print(f"presidio analyzer on http://{options.host}:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
