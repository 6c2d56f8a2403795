// Rows of a CSV or TSV text (RFC 4180): a quoted cell may hold separators, line breaks and doubled quotes.
export function rows(text, separator, most) {
  const found = [];
  let row = [];
  let cell = "";
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || cell !== "") found.push(row);
    row = [];
    cell = "";
  };
  for (let at = 0; at < text.length && found.length < most; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') cell += text[(at += 1)];
      else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === separator) {
      row.push(cell);
      cell = "";
    } else if (character === "\n") endRow();
    else if (character !== "\r") cell += character;
  }
  if (found.length < most) endRow();
  return found;
}
