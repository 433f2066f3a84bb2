/**
 * A schemaless double with a whole value. JSON `1.0` and `1` are different to a target (double and long),
 * and a JavaScript number cannot tell them apart; arithmetic works on it as on any Number object.
 * Fractions such as `0.5` are plain numbers.
 */
export class Double extends Number {}
