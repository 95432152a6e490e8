// Style sheets of the roles: each is a file of its own, fetched beside the page that it is for.

declare global {
  // Addresses of the built style sheets (web/bundle).
  const SHEET_MEMBER: string, SHEET_PRESS: string, SHEET_OFFICER: string, SHEET_TECHNICIAN: string, SHEET_ARRANGE: string, SHEET_ACCOUNTS: string, SHEET_DRAFT: string;
}

const worn = new Map<string, Promise<void>>();

/** dressed fetches a page and its style sheet together, and gives the page when both are there: it is never seen undressed. */
export async function dressed<T>(sheet: string, page: () => Promise<T>): Promise<T> {
  const [got] = await Promise.all([page(), wear(sheet)]);
  return got;
}

function wear(sheet: string): Promise<void> {
  const found = worn.get(sheet) ?? new Promise<void>((done, failed) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.onload = () => done();
    link.onerror = () => {
      link.remove();
      worn.delete(sheet); // the next attempt asks again
      failed(new Error(`no style sheet ${sheet}`));
    };
    link.href = sheet;
    document.head.append(link);
  });
  worn.set(sheet, found);
  return found;
}
