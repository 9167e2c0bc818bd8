"""Sees every rule of tools/check_layers.py fail once, on a small house with faults in it."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).parents[2] / "tools/check_layers.py"
ROOMS = """sallyport_room(base LIBRARIES Boost::json)
sallyport_room(model DEPENDS base)
sallyport_room(store DEPENDS model LIBRARIES PkgConfig::rocksdb)  # a remark
sallyport_room(act DEPENDS store)
"""


class CheckLayers(unittest.TestCase):
    def check(self, files, rooms=ROOMS):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {"engine/CMakeLists.txt": rooms, "engine/base/base.hpp": '#include "engine/base/id.hpp"\n',
                               **files}.items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            run = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True)
            return run.returncode, run.stdout + run.stderr

    def refuses(self, files, message, rooms=ROOMS):
        status, output = self.check(files, rooms)
        self.assertEqual(status, 1, output)
        self.assertIn(message, output)

    def test_a_house_in_order_passes(self):
        status, output = self.check({
            "engine/act/a.cpp": '#include "engine/act/a.hpp"\n#include "engine/model/m.hpp"\n#include "engine/base/b.hpp"\n',
            "engine/store/s.cpp": "#include <rocksdb/db.h>\n",
            "engine/app/command_line.cpp": "#include <CLI/CLI.hpp>\n",
            "engine/app/main.cpp": '#include "connectors/x/x.hpp"\n#include "engine/act/a.hpp"\n',
            "connectors/x/x.cpp": '#include "engine/act/a.hpp"\n',
        })
        self.assertEqual(status, 0, output)

    def test_a_room_includes_only_what_its_line_allows(self):
        self.refuses({"engine/model/m.cpp": '\n#include "engine/store/s.hpp"\n'},
                     "engine/model/m.cpp:2: engine/model may not include store")

    def test_nothing_includes_app(self):
        self.refuses({"engine/act/a.hpp": '#include "engine/app/engine.hpp"\n'}, "may not include app")

    def test_no_room_knows_a_connector(self):
        self.refuses({"engine/act/a.cpp": '#include "connectors/x/x.hpp"\n'}, "may not include connectors")

    def test_a_connector_sees_ports_and_vocabulary_only(self):
        self.refuses({"connectors/x/x.cpp": '#include "engine/store/s.hpp"\n'}, "connectors may not include store")

    def test_a_third_party_header_stands_in_one_room(self):
        self.refuses({"engine/act/a.cpp": "# include <rocksdb/db.h>\n"}, "rocksdb/db.h stands in engine/store only")

    def test_a_third_party_header_stands_in_one_source(self):
        self.refuses({"engine/app/main.cpp": "#include <CLI/CLI.hpp>\n"}, "CLI/CLI.hpp stands in engine/app/command_line only")

    def test_a_folder_without_a_line_is_no_room(self):
        self.refuses({"engine/attic/a.hpp": ""}, "engine/attic: has no sallyport_room() line")

    def test_rooms_do_not_go_in_circles(self):
        self.refuses({}, "a depends on itself by way of b",
                     "sallyport_room(a DEPENDS b)\nsallyport_room(b DEPENDS a)\nsallyport_room(base)\n")

    def test_an_empty_folder_is_no_success(self):
        self.refuses({"engine/base/base.hpp": ""}, "no sources found")


unittest.main()
