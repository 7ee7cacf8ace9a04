// Parses states of an editor as the vendor's does: reads a JSON list of them from standard input and
// prints, for each, what the editor then holds: its text, and its state written again.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// One Lexical for all: what this file imports is found from there, as by the vendor's own files.
const modules = process.argv[2];
const there = pathToFileURL(join(modules, "@aigne/publish-docs/lib/esm/index.js")).href;
const parent = (url) => (url === import.meta.url ? there : url);
registerHooks({
  resolve: (name, at, next) => next(name, { ...at, parentURL: parent(at.parentURL) }),
});
const own = (name) => import(`./converter/nodes/${name}-node.js`);
const { $getRoot, DecoratorNode } = await import("lexical");
const { createHeadlessEditor } = await import("@lexical/headless");
const { HeadingNode, QuoteNode } = await import("@lexical/rich-text");
const { ListNode, ListItemNode } = await import("@lexical/list");
const { LinkNode } = await import("@lexical/link");
const { CodeNode, CodeHighlightNode } = await import("@lexical/code");
const { TableNode, TableRowNode, TableCellNode } = await import("@lexical/table");
const { HorizontalRuleNode } = await import("@lexical/react/LexicalHorizontalRuleNode");
const { ImageNode } = await own("image");
const { MermaidNode } = await own("mermaid");

class SubpageListingNode extends DecoratorNode {
  static getType() {
    return "subpage-listing";
  }
  static clone(node) {
    return new SubpageListingNode(node.__data, node.__key);
  }
  static importJSON(said) {
    return new SubpageListingNode(said.data);
  }
  constructor(data, key) {
    super(key);
    this.__data = data;
  }
  exportJSON() {
    return { type: "subpage-listing", version: 1, format: "", data: this.__data };
  }
  isInline() {
    return false;
  }
  decorate() {
    return null;
  }
}

function read(state) {
  const editor = createHeadlessEditor({
    nodes: [
      ...[HeadingNode, QuoteNode, ListNode, ListItemNode, LinkNode, CodeNode, CodeHighlightNode],
      ...[TableNode, TableRowNode, TableCellNode, HorizontalRuleNode, ImageNode, MermaidNode],
      SubpageListingNode,
    ],
    onError: (error) => {
      throw error;
    },
  });
  editor.setEditorState(editor.parseEditorState(state));
  const text = editor.getEditorState().read(() => $getRoot().getTextContent());
  return { text, state: editor.getEditorState().toJSON() };
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
