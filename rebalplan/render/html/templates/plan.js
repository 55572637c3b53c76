
"use strict";
(() => {
  const accounts = [...document.querySelectorAll("details.account")];
  const planned = new WeakMap();

  for (const header of document.querySelectorAll("table.sortable thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    if (header.hasAttribute("aria-label")) {
      button.setAttribute("aria-label", header.getAttribute("aria-label"));
      header.removeAttribute("aria-label");
    }
    header.append(button);
  }

  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  };

  const compare = (one, other, sign) => {
    if (one === "" || other === "") return (one === "") - (other === "");
    return sign * ((one > other) - (one < other));
  };

  const nextOrder = (header) => {
    const cycle = header.classList.contains("number")
      ? [null, "descending", "ascending"]
      : [null, "ascending", "descending"];
    return cycle[(cycle.indexOf(header.getAttribute("aria-sort")) + 1) % cycle.length];
  };

  const sort = (header) => {
    const body = header.closest("table").tBodies[0];
    if (!planned.has(body)) planned.set(body, [...body.rows]);
    const order = nextOrder(header);
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    const rows = planned.get(body);
    if (order === null) {
      body.append(...rows);
      return;
    }
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const keyed = rows.map((row) => [key(row, header.cellIndex), row]);
    keyed.sort(([one], [other]) => compare(one, other, sign));
    body.append(...keyed.map(([, row]) => row));
  };

  const openTarget = () => {
    const target = accounts.find((account) => `#${account.id}` === location.hash);
    if (target) target.open = true;
  };

  document.addEventListener("click", (event) => {
    const header = event.target.closest("th button")?.closest("th");
    if (header) sort(header);
    const opener = event.target.closest("[data-open]");
    if (opener) for (const account of accounts) account.open = opener.dataset.open === "yes";
    if (event.target.closest("a")) setTimeout(openTarget);
  });

  const everywhere = document.getElementById("all-idle");
  everywhere.addEventListener("change", () => {
    for (const box of document.querySelectorAll(".toggle input")) box.checked = everywhere.checked;
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = accounts.filter((account) => !account.open);
    for (const account of closed) account.open = true;
  });
  addEventListener("afterprint", () => {
    for (const account of closed) account.open = false;
  });
  addEventListener("hashchange", openTarget);
  openTarget();
  document.querySelector(".tools").hidden = false;
})();
