/**
 * How a record is kept whose bytes are no text: in base64, under names that no attribute of CloudEvents can have. Its data
 * lie under `data_base64`, as in the JSON format of CloudEvents, and its value is empty.
 */
export const DATA_BASE64 = 'data_base64';
/** The attributes of a record, where they are not UTF-8. */
export const RAW_BASE64 = 'raw_base64';
/** The attributes of a record, where they are text and no JSON object that every reader reads alike. */
export const RAW = 'raw';
