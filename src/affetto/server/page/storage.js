/** What the browser keeps for the page. Some browsers are set to keep nothing, and then throw. */

/**
 * @param {"localStorage" | "sessionStorage"} place
 * @param {string} name
 * @returns {string | null}
 */
export function load(place, name) {
  try {
    return window[place].getItem(name);
  } catch {
    return null;
  }
}

/**
 * @param {"localStorage" | "sessionStorage"} place
 * @param {string} name
 * @param {string} value
 */
export function keep(place, name, value) {
  try {
    window[place].setItem(name, value);
  } catch {
    // It lasts as long as the page is open.
  }
}
