import { DataSourcePlugin } from '@grafana/data';

import { ConfigEditor } from './components/ConfigEditor';
import { QueryEditor } from './components/QueryEditor';
import { GrantwatchDataSource } from './datasource';
import { GrantwatchOptions, GrantwatchQuery, GrantwatchSecrets } from './types';

export const plugin = new DataSourcePlugin<GrantwatchDataSource, GrantwatchQuery, GrantwatchOptions, GrantwatchSecrets>(GrantwatchDataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor);
